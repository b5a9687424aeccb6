/**
 * One colour and one symbol for a run in every plot and in the table. Up to eight rows have a colour each; larger
 * sweeps are coloured by architecture (the router and its experts), which is what one looks for in them.
 *
 * The colours are those of Okabe and Ito (distinct under every common colour blindness), of middling lightness so
 * that they stand out on white and on black; the symbols say the same without colour.
 */
import type { RunSummary } from "../run/run-summary.ts";
import { groupReplicates } from "./replicates.ts";

export interface RunStyle {
  /** What the legend says: the name of the run (without its seed), or of its architecture. */
  readonly series: string;
  /** "#rrggbb" */
  readonly colour: string;
  /** A Vega symbol. */
  readonly symbol: string;
}

export interface RunStyles {
  /** Legend entries, in order. */
  readonly entries: readonly RunStyle[];
  /** The name of a run's table row. */
  readonly nameOf: (run: RunSummary) => string;
  readonly styleOf: (run: RunSummary) => RunStyle;
  /** Vega-Lite scales over the field that holds `series`. */
  readonly colourScale: { readonly domain: readonly string[]; readonly range: readonly string[] };
  readonly symbolScale: { readonly domain: readonly string[]; readonly range: readonly string[] };
}

const palette = ["#2a84c0", "#d55e00", "#009e73", "#c46aa0", "#e09a00", "#4fb0e6", "#8264c8", "#858a93"];
/** Viridis without its ends, which vanish on black and on white. */
const ramp = ["#46327e", "#365c8d", "#277f8e", "#1fa187", "#4ac16d", "#a0da39"];
const symbols = [
  "circle",
  "square",
  "triangle-up",
  "diamond",
  "cross",
  "triangle-down",
  "triangle-right",
  "triangle-left",
];

/** @param runs All runs of the report, so that every plot gives a run the same style. */
export function runStyles(runs: readonly RunSummary[]): RunStyles {
  const groups = groupReplicates(runs);
  const names = new Map(groups.flatMap((group) => group.runs.map((run) => [run, group.name] as const)));
  const nameOf = (run: RunSummary): string => names.get(run) ?? run.name;
  const seriesOf = groups.length <= palette.length ? nameOf : architectureOf;
  const series = [...new Set(runs.map(seriesOf))];
  const entries = series.map((name, i) => ({
    series: name,
    colour: colourOf(i, series.length),
    symbol: symbols[i % symbols.length] ?? "circle",
  }));
  const bySeries = new Map(entries.map((entry) => [entry.series, entry]));
  return {
    entries,
    nameOf,
    styleOf: (run) => bySeries.get(seriesOf(run)) ?? { series: run.name, colour: palette[7] ?? "", symbol: "circle" },
    colourScale: { domain: series, range: entries.map(({ colour }) => colour) },
    symbolScale: { domain: series, range: entries.map(({ symbol }) => symbol) },
  };
}

/** "dense", "switch, 8 experts" */
export function architectureOf({ config, shape }: RunSummary): string {
  return shape.experts === 1 ? "dense" : `${config.model.router.type}, ${shape.experts} experts`;
}

function colourOf(place: number, count: number): string {
  if (count <= palette.length) return palette[place] ?? "";
  const position = (place / (count - 1)) * (ramp.length - 1);
  const from = Math.min(Math.floor(position), ramp.length - 2);
  return mix(ramp[from] ?? "", ramp[from + 1] ?? "", position - from);
}

function mix(from: string, to: string, share: number): string {
  const channel = (start: number): string => {
    const a = Number.parseInt(from.slice(start, start + 2), 16);
    const b = Number.parseInt(to.slice(start, start + 2), 16);
    return Math.round(a + (b - a) * share)
      .toString(16)
      .padStart(2, "0");
  };
  return `#${channel(1)}${channel(3)}${channel(5)}`;
}
