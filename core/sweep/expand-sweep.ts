/**
 * The runs that a config asks for: grid, crossed with each zip, less what is excluded, plus what is included, each
 * once a seed. The last axis moves fastest, seeds fastest of all, so replicates stand together.
 */
import type { Composition } from "../config/compose.ts";
import { ConfigError, diagnosticAtSpan, type Diagnostic } from "../config/diagnostic.ts";
import { toPlain } from "../config/node.ts";
import type { Assignment } from "../config/resolve-run.ts";
import type { Axis } from "./axis.ts";
import { matches } from "./patterns.ts";
import { slugOf, uniqueSlugs } from "./slug.ts";
import { readSweepBlock, type Pattern, type SweepBlock } from "./sweep-block.ts";

/** One run of a sweep, before it is resolved. */
export interface SweepPoint {
  readonly axes: readonly Assignment[];
  readonly slug: string;
}

export interface ExpandedSweep {
  readonly points: readonly SweepPoint[];
  readonly block: SweepBlock;
  readonly warnings: readonly Diagnostic[];
}

/** Runs that one config may ask for. */
export const maxRuns = 100_000;

/** @throws ConfigError for whatever is wrong with the form of the sweep. */
export function expandSweep(composition: Composition): readonly SweepPoint[] {
  return expandWithWarnings(composition).points;
}

export function expandWithWarnings(composition: Composition): ExpandedSweep {
  const block = readSweepBlock(composition);
  const numRuns = countRuns(block);
  const errors = [...block.diagnostics];
  if (numRuns > maxRuns) {
    const message = `This sweep asks for ${numRuns.toLocaleString("en")} runs.`;
    errors.push(
      diagnosticAtSpan(block.span, "sweep", {
        code: "SWEEP_TOO_LARGE",
        message,
        expected: `at most ${maxRuns.toLocaleString("en")}`,
      }),
    );
  }
  if (errors.length > 0) throw new ConfigError(errors);
  const { kept, warnings } = exclude(combine(block), block, composition);
  const points = withSeeds([...kept, ...block.include.map(includedPoint)], block.seeds);
  const slugs = uniqueSlugs(points.map((axes) => slugOf(axes, composition.defaultName)));
  return { points: points.map((axes, index) => ({ axes, slug: slugs[index] ?? "" })), block, warnings };
}

type Point = readonly Assignment[];

function countRuns({ grid, zip, seeds, include }: SweepBlock): number {
  const lengths = [...grid.map((axis) => axis.values.length), ...zip.map((group) => group[0]?.values.length ?? 1)];
  return (lengths.reduce((product, length) => product * length, 1) + include.length) * (seeds?.values.length ?? 1);
}

/** Every combination of the grid's axes and the zips' rows. With neither, one point: the config itself. */
function combine({ grid, zip, include }: SweepBlock): readonly Point[] {
  const groups = [...grid.map((axis) => [axis]), ...zip.filter((group) => group.length > 0)];
  if (groups.length === 0 && include.length > 0) return [];
  return groups.reduce<readonly Point[]>(
    (points, group) => points.flatMap((point) => rowsOf(group).map((row) => [...point, ...row])),
    [[]],
  );
}

/** The rows of axes that move together: the first value of each, the second of each, and so on. */
function rowsOf(group: readonly Axis[]): readonly Point[] {
  const columns = group.map(({ path, values, keySpan }) =>
    values.map((node) => ({ path, node, value: toPlain(node), keySpan })),
  );
  return (columns[0] ?? []).map((_, row) => columns.flatMap((column) => column[row] ?? []));
}

function exclude(
  points: readonly Point[],
  block: SweepBlock,
  composition: Composition,
): { readonly kept: readonly Point[]; readonly warnings: readonly Diagnostic[] } {
  const used = new Set<Pattern>();
  const kept = points.filter((point) => {
    const matching = block.exclude.filter((pattern) => matches(pattern, point, composition));
    for (const pattern of matching) used.add(pattern);
    return matching.length === 0;
  });
  const warnings = block.exclude
    .filter((pattern) => !used.has(pattern))
    .map(({ span }) => {
      const message = "This pattern matches no run.";
      const next = "correct its path or value, or remove it";
      return diagnosticAtSpan(span, "sweep.exclude", {
        code: "SWEEP_EXCLUDE_UNUSED",
        severity: "warning",
        message,
        next,
      });
    });
  if (points.length > 0 && kept.length === 0 && block.include.length === 0) {
    const message = `exclude leaves out all ${points.length} runs.`;
    const span = block.exclude[0]?.span ?? block.span;
    throw new ConfigError([diagnosticAtSpan(span, "sweep.exclude", { code: "SWEEP_NO_RUNS", message })]);
  }
  return { kept, warnings };
}

function includedPoint({ values }: Pattern): Point {
  return values.map(({ path, node, keySpan }) => ({ path, node, value: toPlain(node), keySpan }));
}

/** Each point once a seed; a point that names its own seed stays one run. */
function withSeeds(points: readonly Point[], seeds: Axis | undefined): readonly Point[] {
  if (seeds === undefined) return points;
  const rows = rowsOf([seeds]);
  return points.flatMap((point) =>
    point.some(({ path }) => path === "seed") ? [point] : rows.map((row) => [...point, ...row]),
  );
}
