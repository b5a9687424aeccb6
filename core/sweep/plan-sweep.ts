/**
 * The plan of a sweep: every run resolved, checked against the facts of its plugins, costed and named, before anything
 * is built or any data is read. All problems of all runs are reported together.
 */
import type { Composition } from "../config/compose.ts";
import type { ValueSource } from "../config/config.ts";
import type { ConfigSchema } from "../config/config-schema.ts";
import { ConfigError, diagnosticAtSpan, type Diagnostic } from "../config/diagnostic.ts";
import { sortDiagnostics } from "../config/format-diagnostics.ts";
import type { ProjectPaths } from "../plugin/define-plugin.ts";
import { createFactsAsker, type PluginLoader } from "./ask-facts.ts";
import { expandWithWarnings } from "./expand-sweep.ts";
import { Planner, type DraftRun } from "./plan-point.ts";
import { canonicalJson } from "./identity.ts";
import { ProblemLog } from "./problem-log.ts";
import { uniqueSlugs } from "./slug.ts";
import type { SweepBlock } from "./sweep-block.ts";

export interface PlannedRun extends Omit<DraftRun, "resolved"> {
  /** Path of every leaf of the config -> where its value came from; worked out when it is first read. */
  readonly sources: ReadonlyMap<string, ValueSource>;
  /** `<name>-<first 8 digits of the id>`; the name is unique in the sweep. */
  readonly folderName: string;
}

export interface SweepPlan {
  /** The config's name: the folder of the runs. */
  readonly name: string;
  readonly runs: readonly PlannedRun[];
  readonly warnings: readonly Diagnostic[];
}

export interface PlanOptions {
  readonly composition: Composition;
  readonly schema: ConfigSchema;
  readonly catalogue: PluginLoader;
  readonly paths: ProjectPaths;
}

/** @throws ConfigError with everything that is wrong, in any run. */
export async function planSweep({ composition, schema, catalogue, paths }: PlanOptions): Promise<SweepPlan> {
  const { points, block, warnings } = expandWithWarnings(composition);
  const planner = new Planner({ composition, schema, block, asker: createFactsAsker(catalogue, paths) });
  const log = new ProblemLog(points.length);
  const planned: DraftRun[] = [];
  for (const point of points) {
    const result = await planner.plan(point);
    log.add(point.slug, result.problems);
    if (result.run !== undefined) planned.push(result.run);
  }
  const problems = log.diagnostics();
  if (problems.some(({ severity }) => severity === "error"))
    throw new ConfigError([...problems, ...composition.warnings, ...warnings]);
  const { runs, repeats } = withoutTwins(planned, block);
  return {
    name: runs[0]?.config.name ?? composition.defaultName,
    runs: named(runs),
    warnings: sortDiagnostics([...composition.warnings, ...warnings, ...problems, ...repeats]),
  };
}

/** Points whose configs give the same result are one run; the first is kept. */
function withoutTwins(
  runs: readonly DraftRun[],
  block: SweepBlock,
): { readonly runs: readonly DraftRun[]; readonly repeats: readonly Diagnostic[] } {
  const first = new Map<string, DraftRun>();
  const repeats: Diagnostic[] = [];
  for (const run of runs) {
    const twin = first.get(run.id);
    if (twin === undefined) {
      first.set(run.id, run);
      continue;
    }
    const message = `${run.name} is the same run as ${twin.name}; it is planned once.`;
    const next =
      canonicalJson(run.config.device) === canonicalJson(twin.config.device)
        ? undefined
        : "a device does not change what a run is: give each its own run folder with --runs, or vary something else too";
    repeats.push(
      diagnosticAtSpan(block.span, "sweep", { code: "SWEEP_DUPLICATE_RUN", severity: "warning", message, next }),
    );
  }
  return { runs: [...first.values()], repeats };
}

function named(runs: readonly DraftRun[]): readonly PlannedRun[] {
  const names = uniqueSlugs(runs.map(({ name }) => name));
  return runs.map(({ resolved, ...run }, index) => {
    const name = names[index] ?? run.name;
    return {
      ...run,
      name,
      folderName: `${name}-${run.id.slice(0, 8)}`,
      get sources() {
        return resolved.sources;
      },
    };
  });
}
