/** `switchyard plugins [kind[/name]]`: what plugins there are, and the options of one, from its own schema. */
import { nearestName } from "../../errors/nearest-name.ts";
import { SwitchyardError } from "../../errors/switchyard-error.ts";
import type { PluginCatalogue } from "../../plugin/catalogue.ts";
import type { AnyPlugin } from "../../plugin/define-plugin.ts";
import { pluginKinds } from "../../plugin/kinds.ts";
import type { PluginKind } from "../../plugin/kinds.ts";
import type { Command } from "../command.ts";
import { openProject } from "../composition-root.ts";
import { optionRows } from "../option-rows.ts";
import { textTable } from "../text-table.ts";

export const plugins: Command = {
  name: "plugins",
  summary: "List the plugins, or document one and its options.",
  usage: "switchyard plugins [kind[/name]] [--config <file>] [--json]",
  flags: {
    config: { type: "string", value: "<file>", help: "Also list the plugins that this config names." },
    json: { type: "boolean", help: "Print JSON." },
  },
  examples: ["switchyard plugins", "switchyard plugins router", "switchyard plugins router/switch"],
  positionals: [0, 1],
  run: async (words, io) => {
    const { catalogue } = await openProject(io, words.get("config"));
    const [kindName, name] = (words.positionals[0] ?? "").split("/");
    const kind = kindName === undefined || kindName === "" ? undefined : kindOf(kindName);
    if (kind !== undefined && name !== undefined && name !== "") {
      const plugin = await catalogue.load(kind, name);
      io.out(words.has("json") ? `${JSON.stringify(plugin, undefined, 2)}\n` : describePlugin(plugin));
      return 0;
    }
    const listed = await listPlugins(catalogue, kind);
    io.out(words.has("json") ? `${JSON.stringify(listed, undefined, 2)}\n` : tableOf(listed));
    return 0;
  },
};

interface ListedPlugin {
  readonly kind: PluginKind;
  readonly name: string;
  readonly summary: string;
  readonly origin: string;
}

async function listPlugins(catalogue: PluginCatalogue, kind?: PluginKind): Promise<readonly ListedPlugin[]> {
  const entries = await catalogue.list(kind);
  return Promise.all(
    entries.map(async (entry) => {
      const { summary } = await entry.load();
      return { kind: entry.kind, name: entry.name, summary, origin: entry.origin };
    }),
  );
}

function tableOf(listed: readonly ListedPlugin[]): string {
  const rows = listed.map(({ kind, name, summary, origin }) => [`${kind}/${name}`, summary, origin]);
  return textTable(["PLUGIN", "WHAT IT DOES", "FROM"], rows);
}

/** The reference of one plugin: everything in it comes from the plugin itself. */
export function describePlugin(plugin: AnyPlugin): string {
  const options = optionRows(plugin.options).map(({ name, type, fallback, description }) => [
    `  ${name}`,
    type,
    fallback,
    description,
  ]);
  return [
    `${plugin.kind}/${plugin.name}, version ${plugin.version}`,
    plugin.summary,
    ...(plugin.paper === undefined ? [] : [`Described in: ${plugin.paper}`]),
    "",
    options.length === 0
      ? "It has no options.\n"
      : `Options:\n${textTable(["  OPTION", "TYPE", "DEFAULT", ""], options)}`,
  ].join("\n");
}

function kindOf(word: string): PluginKind {
  const found = pluginKinds.find((kind) => kind === word);
  if (found !== undefined) return found;
  const near = nearestName(word, pluginKinds);
  throw new SwitchyardError("FLAG_VALUE", `There is no kind of plugin called "${word}".`, {
    expected: pluginKinds.join(", "),
    received: word,
    ...(near === undefined ? {} : { next: `Did you mean ${near}?` }),
  });
}
