/**
 * One point of a sweep -> a planned run: resolved, asked for its plugins' facts, checked against them, costed.
 */
import type { TrainingSize } from "../../kernels/devices/training-size.ts";
import type { Composition } from "../config/compose.ts";
import type { RunConfig } from "../config/config.ts";
import type { ConfigSchema } from "../config/config-schema.ts";
import { ConfigError, diagnosticAtSpan, type Diagnostic } from "../config/diagnostic.ts";
import { createResolver, type Assignment, type ResolvedRun, type Resolver } from "../config/resolve-run.ts";
import { isTemplate } from "../config/template.ts";
import type { SourceFacts } from "../data/contracts.ts";
import type { ExpertFacts, ModelShape, RouterFacts } from "../model/contracts.ts";
import { accountCost, scoresOf, type RunCost } from "../model/cost.ts";
import type { DeviceFacts } from "../services.ts";
import type { FactsAsker, FactsByKind } from "./ask-facts.ts";
import type { SweepPoint } from "./expand-sweep.ts";
import { Identifier, usedPlugins } from "./identity.ts";
import { diagnosticOf, shapeOf, sparsityProblem } from "./shape-problems.ts";
import { slugOf } from "./slug.ts";
import type { SweepBlock } from "./sweep-block.ts";

/** A run of the plan, before its name is made unique. */
export interface DraftRun {
  /** 12 hex digits: see `identity.ts`. */
  readonly id: string;
  /** Readable: what the sweep varies. */
  readonly name: string;
  readonly config: RunConfig;
  /** Knows where the values came from. */
  readonly resolved: ResolvedRun;
  /** Swept path -> value of this run, in the order of the sweep. */
  readonly axes: Readonly<Record<string, unknown>>;
  readonly shape: ModelShape;
  readonly facts: {
    readonly source: SourceFacts;
    readonly router: RouterFacts;
    readonly expert: ExpertFacts;
  };
  readonly cost: RunCost;
  /** What the run needs of a GPU; absent where its device is none, or is known to be one only when it is opened. */
  readonly gpu?: PlannedGpu;
  /** "kind/name@version" of every plugin that the run uses. */
  readonly plugins: readonly string[];
}

export interface PlannedGpu {
  /** Part of the name of the GPU that the config asks for; absent where any will do. */
  readonly adapter?: string;
  /** Memory of the GPU that training takes, where the device can estimate it. */
  readonly memoryBytes?: number;
}

export interface PlannerContext {
  readonly composition: Composition;
  readonly schema: ConfigSchema;
  readonly block: SweepBlock;
  readonly asker: FactsAsker;
}

export interface PointPlan {
  /** Absent when there is an error among the problems. */
  readonly run?: DraftRun;
  readonly problems: readonly Diagnostic[];
}

export class Planner {
  readonly #context: PlannerContext;
  readonly #resolve: Resolver;
  readonly #identifier: Identifier;

  constructor(context: PlannerContext) {
    this.#context = context;
    this.#resolve = createResolver(context.composition, context.schema);
    this.#identifier = new Identifier(context.schema);
  }

  /** Resolves, checks and costs one run; never throws for what a config can get wrong. */
  async plan(point: SweepPoint): Promise<PointPlan> {
    try {
      const asked = this.#resolve(point.axes);
      const router = await this.#facts("router", asked);
      const run = this.#matched(asked, point, router);
      const [source, expert] = [await this.#facts("source", run), await this.#facts("expert", run)];
      const device = await this.#facts("device", run);
      return this.#finish({ point, asked, run, facts: { source, router, expert }, device });
    } catch (error) {
      if (error instanceof ConfigError) return { problems: error.diagnostics };
      throw error;
    }
  }

  #finish(parts: {
    readonly point: SweepPoint;
    readonly asked: ResolvedRun;
    readonly run: ResolvedRun;
    readonly facts: DraftRun["facts"];
    readonly device: DeviceFacts;
  }): PointPlan {
    const { point, asked, run, facts, device } = parts;
    const { config } = run;
    const shape = shapeOf(run, facts.source.width, facts.router);
    if ("code" in shape) return { problems: [shape] };
    const sparsity = sparsityProblem(run, shape, facts.expert);
    const problems = sparsity === undefined ? [] : [sparsity];
    const used = usedPlugins(config, this.#context.schema);
    const axes = Object.fromEntries(point.axes.map((axis) => [axis.path, resolvedValue(axis, asked)]));
    const cost = accountCost({
      shape,
      router: facts.router,
      activeFeatures: facts.expert.activeFeatures ?? facts.expert.meanActiveFeatures,
      batchSize: config.training.batchSize,
      steps: config.training.steps,
      encoderBias: config.model.encoderBias,
    });
    const planned: DraftRun = {
      id: this.#identifier.idOf(config, used, facts.source.fingerprint),
      name: nameOf(point, axes, config),
      config,
      resolved: run,
      axes,
      shape,
      facts,
      cost,
      ...gpuOf(device, sizeOf(config, { shape, facts, cost })),
      plugins: used.map(({ kind, name, version }) => `${kind}/${name}@${version}`),
    };
    return { run: planned, problems };
  }

  /** With `match: flops`, the run again with as many features as cost what the baseline's cost. */
  #matched(run: ResolvedRun, point: SweepPoint, { numExperts, numSelected }: RouterFacts): ResolvedRun {
    const { block } = this.#context;
    if (block.match === "width" || numExperts === numSelected) return run;
    const base = run.config.model.features;
    const features = (base * numExperts) / numSelected;
    if (Number.isInteger(features)) {
      const others = point.axes.filter(({ path }) => path !== "model.features");
      return this.#resolve([...others, { path: "model.features", value: features, keySpan: block.matchSpan }]);
    }
    const message = `${base} features * ${numExperts} experts / ${numSelected} selected is ${features}, no whole number.`;
    const next = `choose model.features as a multiple of ${numSelected}`;
    throw new ConfigError([
      diagnosticAtSpan(block.matchSpan, "sweep.match", { code: "SWEEP_FLOPS_NOT_WHOLE", message, next }),
    ]);
  }

  async #facts<K extends keyof FactsByKind>(kind: K, run: ResolvedRun): Promise<FactsByKind[K]> {
    const path = kind === "router" || kind === "expert" ? (`model.${kind}` as const) : kind;
    const { source, device, model } = run.config;
    const choice = { source, device, router: model.router, expert: model.expert }[kind];
    const asked = this.#context.asker.ask(kind, choice);
    const answer = asked instanceof Promise ? await asked : asked;
    if ("facts" in answer) return answer.facts;
    throw new ConfigError([diagnosticOf(answer.error, run, path)]);
  }
}

function gpuOf({ usesGpu, adapter, memoryBytes }: DeviceFacts, size: TrainingSize): Pick<DraftRun, "gpu"> {
  if (!usesGpu) return {};
  return {
    gpu: {
      ...(adapter === undefined ? {} : { adapter }),
      ...(memoryBytes === undefined ? {} : { memoryBytes: memoryBytes(size) }),
    },
  };
}

function sizeOf(
  { training }: RunConfig,
  { shape, facts, cost }: Pick<DraftRun, "shape" | "facts" | "cost">,
): TrainingSize {
  const { activeFeatures } = facts.expert;
  const { width, features, featuresPerExpert, selectedExperts } = shape;
  return {
    parameters: cost.parameters,
    batchSize: training.batchSize,
    ...{ width, features, reachableFeatures: featuresPerExpert * selectedExperts },
    ...(activeFeatures === undefined ? {} : { activeFeatures }),
    scores: scoresOf(shape, facts.router),
  };
}

/** The value that an axis gave: as written, or what its interpolation came to. */
function resolvedValue({ path, value }: Assignment, run: ResolvedRun): unknown {
  if (!isTemplate(value)) return value;
  return path
    .split(".")
    .reduce<unknown>(
      (node, key) =>
        typeof node === "object" && node !== null ? (node as Readonly<Record<string, unknown>>)[key] : undefined,
      run.config,
    );
}

function nameOf(point: SweepPoint, axes: Readonly<Record<string, unknown>>, config: RunConfig): string {
  if (point.axes.length === 0) return slugOf([], config.name);
  if (!point.axes.some(({ value }) => isTemplate(value))) return point.slug;
  return slugOf(
    Object.entries(axes).map(([path, value]) => ({ path, value })),
    config.name,
  );
}
