/**
 * One point of a sweep -> a planned run: resolved, asked for its plugins' facts, checked against them, costed.
 */
import type { Composition } from "../config/compose.ts";
import type { RunConfig, ValueSource } from "../config/config.ts";
import type { ConfigSchema } from "../config/config-schema.ts";
import { ConfigError, diagnosticAtSpan, type Diagnostic } from "../config/diagnostic.ts";
import { resolveRun, type Assignment, type ResolvedRun } from "../config/resolve-run.ts";
import { isTemplate } from "../config/template.ts";
import type { SourceFacts } from "../data/contracts.ts";
import type { ExpertFacts, ModelShape, RouterFacts } from "../model/contracts.ts";
import { accountCost, type RunCost } from "../model/cost.ts";
import type { FactsAsker, FactsByKind } from "./ask-facts.ts";
import type { SweepPoint } from "./expand-sweep.ts";
import { runId, usedPlugins } from "./identity.ts";
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
  /** Path of every leaf of the config -> where its value came from. */
  readonly sources: ReadonlyMap<string, ValueSource>;
  /** Swept path -> value of this run, in the order of the sweep. */
  readonly axes: Readonly<Record<string, unknown>>;
  readonly shape: ModelShape;
  readonly facts: {
    readonly source: SourceFacts;
    readonly router: RouterFacts;
    readonly expert: ExpertFacts;
  };
  readonly cost: RunCost;
  /** "kind/name@version" of every plugin that the run uses. */
  readonly plugins: readonly string[];
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

  constructor(context: PlannerContext) {
    this.#context = context;
  }

  /** Resolves, checks and costs one run; never throws for what a config can get wrong. */
  async plan(point: SweepPoint): Promise<PointPlan> {
    const { composition, schema } = this.#context;
    try {
      const asked = resolveRun(composition, point.axes, schema);
      const router = await this.#facts("router", asked);
      const run = this.#matched(asked, point, router);
      const [source, expert] = [await this.#facts("source", run), await this.#facts("expert", run)];
      return this.#finish({ point, asked, run, facts: { source, router, expert } });
    } catch (error) {
      if (error instanceof ConfigError) return { problems: error.diagnostics };
      throw error;
    }
  }

  #finish(parts: {
    readonly point: SweepPoint;
    readonly asked: ResolvedRun;
    readonly run: ResolvedRun;
    readonly facts: FactsByKind;
  }): PointPlan {
    const { point, asked, run, facts } = parts;
    const { schema } = this.#context;
    const { config } = run;
    const shape = shapeOf(run, facts.source.width, facts.router);
    if ("code" in shape) return { problems: [shape] };
    const sparsity = sparsityProblem(run, shape, facts.expert);
    const problems = sparsity === undefined ? [] : [sparsity];
    const id = runId({ config, schema, fingerprint: facts.source.fingerprint });
    const axes = Object.fromEntries(point.axes.map((axis) => [axis.path, resolvedValue(axis, asked)]));
    const planned: DraftRun = {
      id,
      name: nameOf(point, axes, config),
      config,
      sources: run.sources,
      axes,
      shape,
      facts,
      cost: accountCost({
        shape,
        activeFeatures: facts.expert.activeFeatures,
        batchSize: config.training.batchSize,
        steps: config.training.steps,
        encoderBias: config.model.encoderBias,
      }),
      plugins: usedPlugins(config, schema).map(({ kind, name, version }) => `${kind}/${name}@${version}`),
    };
    return { run: planned, problems };
  }

  /** With `match: flops`, the run again with as many features as cost what the baseline's cost. */
  #matched(run: ResolvedRun, point: SweepPoint, { numExperts, numSelected }: RouterFacts): ResolvedRun {
    const { composition, schema, block } = this.#context;
    if (block.match === "width" || numExperts === numSelected) return run;
    const base = run.config.model.features;
    const features = (base * numExperts) / numSelected;
    if (Number.isInteger(features)) {
      const others = point.axes.filter(({ path }) => path !== "model.features");
      return resolveRun(
        composition,
        [...others, { path: "model.features", value: features, keySpan: block.matchSpan }],
        schema,
      );
    }
    const message = `${base} features * ${numExperts} experts / ${numSelected} selected is ${features}, no whole number.`;
    const next = `choose model.features as a multiple of ${numSelected}`;
    throw new ConfigError([
      diagnosticAtSpan(block.matchSpan, "sweep.match", { code: "SWEEP_FLOPS_NOT_WHOLE", message, next }),
    ]);
  }

  async #facts<K extends keyof FactsByKind>(kind: K, run: ResolvedRun): Promise<FactsByKind[K]> {
    const { source, model } = run.config;
    const choice = kind === "source" ? source : kind === "router" ? model.router : model.expert;
    const asked = this.#context.asker.ask(kind, choice);
    const answer = asked instanceof Promise ? await asked : asked;
    if ("facts" in answer) return answer.facts;
    throw new ConfigError([diagnosticOf(answer.error, run, kind === "source" ? "source" : `model.${kind}`)]);
  }
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
