/** Builds a plugin from what a config would say: defaults filled from its schema, then `create`. */
import { Value } from "typebox/value";
import type { PluginChoice } from "../../../core/config/config.ts";
import type { AnyPlugin } from "../../../core/plugin/define-plugin.ts";
import type { Created, Facts, PluginKind } from "../../../core/plugin/kinds.ts";

export interface Services {
  readonly [name: string]: unknown;
}

/** @throws Error when the options do not pass the plugin's schema. */
export function buildPlugin<K extends PluginKind>(
  plugin: AnyPlugin & { readonly kind: K },
  choice: PluginChoice,
  services: Services,
): { readonly instance: Created<K>; readonly facts: Facts<K> } {
  const { type, ...given } = choice;
  if (type !== plugin.name) throw new Error(`${type} is not ${plugin.name}`);
  const options: unknown = Value.Default(plugin.options, given);
  if (!Value.Check(plugin.options, options)) {
    throw new Error(`${plugin.kind}/${plugin.name} rejects ${JSON.stringify(options)}`);
  }
  const unknownOptions = Object.keys(given).filter((name) => !(name in plugin.options.properties));
  if (unknownOptions.length > 0) throw new Error(`${plugin.kind}/${plugin.name} has no ${unknownOptions.join(", ")}`);
  return {
    instance: plugin.create(options as never, services as never) as Created<K>,
    facts: plugin.facts?.(options as never, { projectFolder: "/", cacheFolder: "/" }) as Facts<K>,
  };
}
