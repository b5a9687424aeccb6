/**
 * Configs from memory and a small catalogue of plugins, so that tests of the config and sweep rooms read no disk and
 * keep their exact messages when a real plugin gains an option.
 */
import { relative } from "node:path";
import Type, { type TObject } from "typebox";
import { buildConfigSchema, type ConfigSchema } from "../../../core/config/config-schema.ts";
import { composeConfig, type Composition } from "../../../core/config/compose.ts";
import { ConfigError, type Diagnostic } from "../../../core/config/diagnostic.ts";
import { resolveRun, type ResolvedRun } from "../../../core/config/resolve-run.ts";
import type { AnyPlugin } from "../../../core/plugin/define-plugin.ts";
import type { PluginKind } from "../../../core/plugin/kinds.ts";
import { planSweep, type SweepPlan } from "../../../core/sweep/plan-sweep.ts";

type FactsOf = (options: Record<string, unknown>) => unknown;

export function fakePlugin(
  kind: PluginKind,
  name: string,
  options: TObject = Type.Object({}),
  facts: FactsOf = () => (kind === "device" ? { usesGpu: false } : {}),
  version = "1",
): AnyPlugin {
  const plugin = { kind, name, version, summary: `The ${name} ${kind}.`, options, create: () => ({}) };
  return { ...plugin, facts };
}

const experts = Type.Integer({ minimum: 1, description: "Number of experts." });
const weight = Type.Number({ minimum: 0, default: 1, description: "Weight of the loss." });

/** How often the source was asked for its facts since the process started. */
export const asked = { source: 0 };

export const plugins: readonly AnyPlugin[] = [
  fakePlugin(
    "source",
    "numbers",
    Type.Object({
      width: Type.Integer({ minimum: 1, default: 64 }),
      path: Type.String({ default: "here", "x-hash": false }),
      texts: Type.Array(Type.String(), { default: [] }),
    }),
    (options) => {
      asked.source += 1;
      return { width: options["width"], fingerprint: `numbers-${String(options["width"])}`, description: "numbers" };
    },
  ),
  fakePlugin("router", "none", Type.Object({ experts: Type.Literal(1, { default: 1 }) }), () => ({
    numExperts: 1,
    numSelected: 1,
  })),
  fakePlugin(
    "router",
    "switch",
    Type.Object({ experts, gate: Type.Enum(["softmax", "heaviside"], { default: "softmax" }) }),
    (options) => ({ numExperts: options["experts"], numSelected: 1 }),
  ),
  fakePlugin("router", "top-e", Type.Object({ experts, e: Type.Integer({ minimum: 1, default: 2 }) }), (options) => ({
    numExperts: options["experts"],
    numSelected: options["e"],
  })),
  fakePlugin("expert", "top-k", Type.Object({ k: Type.Integer({ minimum: 1 }) }), (options) => ({
    activeFeatures: options["k"],
  })),
  fakePlugin("expert", "relu"),
  fakePlugin("loss", "reconstruction", Type.Object({ weight })),
  fakePlugin("loss", "load-balance", Type.Object({ weight })),
  fakePlugin(
    "optimizer",
    "adam",
    Type.Object({
      learningRate: Type.Number({ exclusiveMinimum: 0, default: 2e-4 }),
      betas: Type.Array(Type.Number({ minimum: 0, maximum: 1 }), { default: [0.9, 0.999], minItems: 2, maxItems: 2 }),
    }),
  ),
  fakePlugin("schedule", "constant"),
  fakePlugin(
    "schedule",
    "linear-decay",
    Type.Object({ decayStart: Type.Number({ minimum: 0, maximum: 1, default: 0.8 }) }),
  ),
  ...["reconstruction", "sparsity", "routing", "duplication", "cost"].map((name) => fakePlugin("evaluator", name)),
  fakePlugin("device", "auto"),
  fakePlugin("device", "cpu"),
  fakePlugin("executor", "local", Type.Object({ workers: Type.Integer({ minimum: 1, default: 1, "x-hash": false }) })),
  fakePlugin("executor", "in-process"),
  fakePlugin("tracker", "csv"),
  ...["loss-curves", "mse-l0", "mse-flops", "mse-seconds", "expert-load", "duplication"].map((name) =>
    fakePlugin("plot", name),
  ),
];

export const schema: ConfigSchema = buildConfigSchema(plugins);

export const loader = {
  load: (kind: PluginKind, name: string): Promise<AnyPlugin> => {
    const found = plugins.find((plugin) => plugin.kind === kind && plugin.name === name);
    return found === undefined ? Promise.reject(new Error(`no ${kind} ${name}`)) : Promise.resolve(found);
  },
};

export const paths = { projectFolder: "/project", cacheFolder: "/project/.cache" };

export interface MemoryOptions {
  readonly words?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Further files by name, relative to the project. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly file?: string;
}

/** Composes a text as if it were "exp.yaml" of a project. */
export function compose(text: string | Uint8Array, options: MemoryOptions = {}): Promise<Composition> {
  const { words = [], env = {}, file = "exp.yaml" } = options;
  const files: Readonly<Record<string, string | Uint8Array>> = { [file]: text, ...options.files };
  return composeConfig({
    file,
    words,
    env,
    projectFolder: paths.projectFolder,
    readBytes: (absolute) => {
      const found = files[relative(paths.projectFolder, absolute)];
      if (found === undefined) return Promise.reject(Object.assign(new Error("no such file"), { code: "ENOENT" }));
      return Promise.resolve(typeof found === "string" ? new TextEncoder().encode(found) : found);
    },
  });
}

/** The smallest complete config. */
export const smallest = `source: numbers
model:
  features: 256
  expert: { type: top-k, k: 8 }
`;

export async function resolve(text: string, options: MemoryOptions = {}): Promise<ResolvedRun> {
  return resolveRun(await compose(text, options), [], schema);
}

export async function plan(text: string, options: MemoryOptions = {}): Promise<SweepPlan> {
  return planSweep({ composition: await compose(text, options), schema, catalogue: loader, paths });
}

/** The diagnostics that an action ends with; an action that succeeds is a failed test. */
export async function diagnosticsOf(action: Promise<unknown>): Promise<readonly Diagnostic[]> {
  try {
    await action;
  } catch (error) {
    if (error instanceof ConfigError) return error.diagnostics;
    throw error;
  }
  throw new Error("this should have been refused");
}

/** "CODE file:line:column" (or "CODE word index:column") of each diagnostic: what and where, without the wording. */
export function marks(diagnostics: readonly Diagnostic[]): readonly string[] {
  return diagnostics.map(({ code, where }) =>
    "file" in where
      ? `${code} ${where.file}:${where.line}:${where.column}`
      : `${code} word ${where.index}:${where.column}`,
  );
}
