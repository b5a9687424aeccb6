/** What the head of a report says: the sweep in a line of facts, the winners in a few tiles. */
import { formatNumber } from "../format-numbers.ts";
import { groupReplicates, spreadOf } from "../replicates.ts";
import type { RunGroup } from "../replicates.ts";
import type { RunSummary } from "../../run/run-summary.ts";
import { escapeHtml } from "./html.ts";

/** Facts that all runs share; where they differ, how they range. */
export function factsOf(runs: readonly RunSummary[]): readonly { readonly name: string; readonly value: string }[] {
  if (runs.length === 0) return [];
  const rows = runs.map(({ config }) => config.training.steps * config.training.batchSize);
  const steps = runs.map(({ config }) => config.training.steps);
  return [
    { name: "runs", value: countStates(runs) },
    { name: "source", value: distinct(runs.map(({ config }) => sourceOf(config.source))) },
    { name: "width D", value: distinct(runs.map(({ shape }) => `${shape.width}`)) },
    { name: "features F", value: range(runs.map(({ shape }) => shape.features)) },
    { name: "experts E", value: range(runs.map(({ shape }) => shape.experts)) },
    { name: "expert", value: distinct(runs.map(({ config }) => choiceOf(config.model.expert))) },
    { name: "training", value: `${range(steps)} steps, ${range(rows)} activations` },
    { name: "seeds", value: distinct(runs.map(({ config }) => `${config.seed}`)) },
    { name: "device", value: distinct(runs.map(({ config }) => config.device.type)) },
  ];
}

export function factList(runs: readonly RunSummary[]): string {
  const items = factsOf(runs).map(
    ({ name, value }) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`,
  );
  return items.length === 0 ? "" : `<dl class="facts">${items.join("")}</dl>`;
}

interface TileMetric {
  readonly title: string;
  readonly metric: string;
  readonly unit: string;
  readonly better: "lower" | "higher";
  /** "fewer" makes "8x fewer than ..."; without it no comparison is made. */
  readonly ratio?: string;
}

const tiles: readonly TileMetric[] = [
  { title: "Lowest MSE", metric: "reconstruction/mse", unit: "", better: "lower" },
  { title: "Most loss recovered", metric: "language-model/loss-recovered", unit: "", better: "higher" },
  { title: "Most truth recovered", metric: "recovery/recovered", unit: "", better: "higher" },
  { title: "Fewest FLOPs a row", metric: "cost/flops-per-row", unit: "FLOP", better: "lower", ratio: "fewer" },
  { title: "Fastest step", metric: "cost/step-ms", unit: "ms", better: "lower", ratio: "faster" },
];

/** The best of each main metric, with what it saves against the best dense run. Nothing to say of a single run. */
export function tileList(runs: readonly RunSummary[]): string {
  const groups = groupReplicates(runs);
  const made = tiles.map((tile) => tileOf(tile, groups)).filter((tile) => tile !== "");
  return made.length === 0 || groups.length < 2 ? "" : `<div class="tiles">${made.join("")}</div>`;
}

function tileOf(tile: TileMetric, groups: readonly RunGroup[]): string {
  const sign = tile.better === "lower" ? 1 : -1;
  const ranked = groups
    .flatMap((group) => ({ group, mean: spreadOf(group.runs, tile.metric)?.mean ?? Number.NaN }))
    .filter(({ mean }) => Number.isFinite(mean))
    .sort((a, b) => sign * (a.mean - b.mean));
  const [best] = ranked;
  if (best === undefined || ranked.length < 2) return "";
  const dense = ranked.find(({ group }) => group.runs[0]?.shape.experts === 1);
  const factor = dense === undefined || best.mean <= 0 ? 1 : dense.mean / best.mean;
  const saving =
    tile.ratio !== undefined && dense !== undefined && factor > 1.05
      ? `<span class="saving">${escapeHtml(factor.toPrecision(2))}&times; ${tile.ratio} than ${escapeHtml(dense.group.name)}</span>`
      : "";
  return (
    `<div class="tile"><span class="kicker">${escapeHtml(tile.title)}</span>` +
    `<span class="figure">${escapeHtml(formatNumber(best.mean, tile.unit))}</span>` +
    `<span class="who">${escapeHtml(best.group.name)}</span>${saving}</div>`
  );
}

function countStates(runs: readonly RunSummary[]): string {
  const counts = new Map<string, number>();
  for (const { state } of runs) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].map(([state, count]) => `${count} ${state}`).join(", ");
}

function distinct(values: readonly string[]): string {
  const different = [...new Set(values)];
  return different.length > 4
    ? `${different.slice(0, 3).join(", ")} and ${different.length - 3} more`
    : different.join(", ");
}

function range(values: readonly number[]): string {
  const [lowest, highest] = [Math.min(...values), Math.max(...values)];
  const write = (value: number): string => (value < 1e5 ? `${value}` : formatNumber(value));
  return lowest === highest ? write(lowest) : `${write(lowest)} to ${write(highest)}`;
}

function sourceOf(source: { readonly type: string; readonly [option: string]: unknown }): string {
  const model = source["model"];
  return typeof model === "string" ? `${source.type} (${model.split("/").at(-1) ?? model})` : source.type;
}

/** "top-k k=16" */
function choiceOf(choice: { readonly type: string; readonly [option: string]: unknown }): string {
  const options = Object.entries(choice).filter(([name, value]) => name !== "type" && typeof value === "number");
  return [choice.type, ...options.map(([name, value]) => `${name}=${String(value)}`)].join(" ");
}
