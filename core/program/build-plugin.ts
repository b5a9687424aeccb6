/**
 * Builds one plugin without a config, for programs and notebooks: options are completed and checked against the
 * plugin's schema, as a config's are, and its services come from what is given here.
 */
import { join } from "node:path";
import { Value } from "typebox/value";
import { buildConfigSchema } from "../config/config-schema.ts";
import { explainErrors } from "../config/explain-errors.ts";
import { bindFactory, bindValue } from "../container/binding.ts";
import type { Binding } from "../container/binding.ts";
import { createScope } from "../container/scope.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type { Device } from "../../kernels/devices/device.ts";
import type { ModelShape } from "../model/contracts.ts";
import { createRng } from "../model/rng.ts";
import type { AnyPlugin, ProjectPaths } from "../plugin/define-plugin.ts";
import type { Created, Facts, PluginKind } from "../plugin/kinds.ts";
import { defineService } from "../plugin/service.ts";
import * as services from "../services.ts";

export interface PluginSurroundings {
  /** Gives the services tensorFlowRef, kernelsRef and deviceRef. */
  readonly device?: Device;
  /** Gives shapeRef. */
  readonly shape?: ModelShape;
  /** Of rngRef. Default 0. */
  readonly seed?: number;
  /** Gives pathsRef; what relative paths in options start from. Default: the working folder. */
  readonly paths?: ProjectPaths;
  /** Other services, made by `bindValue` and `bindFactory`. */
  readonly bindings?: readonly Binding[];
}

export interface BuiltPlugin<K extends PluginKind> {
  readonly instance: Created<K>;
  /** What is known of the plugin from its options alone; undefined for kinds that promise nothing. */
  readonly facts: Facts<K>;
  /** The options with their defaults. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly dispose: () => Promise<void>;
}

/**
 * @param given Options of the plugin; those left out take their defaults.
 * @throws SwitchyardError UNKNOWN_KEY, MISSING_KEY, WRONG_TYPE, VALUE_NOT_ALLOWED, VALUE_OUT_OF_RANGE or VALUE_INVALID
 *   for wrong options, all in one message; CONTAINER_GRAPH for a service that nobody gives; and what the plugin throws.
 * @example const { instance } = await buildPlugin(topK, { k: 2 }, { device });
 */
export async function buildPlugin<K extends PluginKind>(
  plugin: AnyPlugin & { readonly kind: K },
  given: Readonly<Record<string, unknown>> = {},
  surroundings: PluginSurroundings = {},
): Promise<BuiltPlugin<K>> {
  const options = completeOptions(plugin, given);
  const paths = surroundings.paths ?? pathsFrom(process.cwd());
  const ref = defineService<Created<K>>(`program.${plugin.kind}`, "run");
  const scope = createScope([
    ...bindingsOf(surroundings, paths),
    // The options were checked against the plugin's schema, so they are what its functions expect.
    bindFactory(ref, {
      deps: plugin.deps ?? {},
      create: (deps) => plugin.create(options as never, deps as never) as Created<K> | Promise<Created<K>>,
      dispose: (instance) => plugin.dispose?.(instance as never),
      label: labelOf(plugin),
    }),
  ]);
  const facts = (await plugin.facts?.(options as never, paths)) as Facts<K>;
  return { instance: await scope.get(ref), facts, options, dispose: () => scope.dispose() };
}

function completeOptions(plugin: AnyPlugin, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const options = Value.Default(plugin.options, Value.Clone({ ...given })) as Record<string, unknown>;
  const check = buildConfigSchema([plugin]).checkOptions(plugin.kind, plugin.name);
  const problems = explainErrors(check({ type: plugin.name, ...options }), []);
  const [first] = problems;
  if (first === undefined) return options;
  const { code, message, expected, received } = first.problem;
  const others = problems.slice(1).map(({ problem }) => problem.message);
  throw new SwitchyardError(code, [message, ...others].join(" "), {
    where: [labelOf(plugin), ...first.path].join(", "),
    ...(expected === undefined ? {} : { expected }),
    ...(received === undefined ? {} : { received }),
    next: `switchyard plugins ${labelOf(plugin)} lists the options`,
  });
}

function bindingsOf(
  { device, shape, seed = 0, bindings = [] }: PluginSurroundings,
  paths: ProjectPaths,
): readonly Binding[] {
  return [
    bindValue(services.rngRef, createRng(seed)),
    bindValue(services.pathsRef, paths),
    ...(device === undefined
      ? []
      : [
          bindValue(services.deviceRef, device),
          bindValue(services.tensorFlowRef, device.tf),
          bindValue(services.kernelsRef, device.kernels),
        ]),
    ...(shape === undefined ? [] : [bindValue(services.shapeRef, shape)]),
    ...bindings,
  ];
}

function pathsFrom(projectFolder: string): ProjectPaths {
  return { projectFolder, cacheFolder: join(projectFolder, ".switchyard", "cache") };
}

function labelOf({ kind, name }: AnyPlugin): string {
  return `${kind}/${name}`;
}
