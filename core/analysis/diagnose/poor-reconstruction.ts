/**
 * The saving is there and the reconstruction is not: an MSE much worse than the dense SAE's of the same width, or than
 * that of a run of the sweep which costs no more; or one that hardly beats the mean.
 */
import type { RunSummary } from "../../run/run-summary.ts";
import { clear, seen } from "./contracts.ts";
import type { Change, Look, Signature } from "./contracts.ts";
import { fewerExperts, kOf, metricOf } from "./run-facts.ts";

const thresholds = {
  "most-times-paper": {
    value: 1.15,
    why: "of the paper's own MSE ratio to TopK at that number of experts (k = 64: 1.16, 1.24, 1.34, 1.50 at 16, 32, 64, 128); its own repeats differ by 1 %",
  },
  "most-times-dense": {
    value: 1.1,
    why: "of the dense run at the same FLOPs a row: the paper's Switch SAEs are below 0.91 of it",
  },
  "most-times-peer": { value: 1.3, why: "of the best run of the sweep at the same k and no more FLOPs a row" },
  "most-fvu": { value: 0.9, why: "1 is predicting the mean" },
} as const;

const mseName = "reconstruction/mse";
const flopsName = "cost/flops-per-row";
/** Counts as equal: `match: flops` rounds the features to a multiple of the experts. */
const sameFlops = 1.1;

/** MSE over that of TopK of the same width, k = 64, as the authors committed them; 1 expert is TopK itself. */
const paperRatios: readonly (readonly [experts: number, ratio: number])[] = [
  [1, 1],
  [16, 1.156],
  [32, 1.238],
  [64, 1.342],
  [128, 1.498],
];

export const poorReconstruction: Signature = {
  name: "poor-reconstruction",
  title: "Poor reconstruction",
  thresholds,
  look: ({ run }, sweep) => {
    const mse = metricOf(run, mseName);
    if (typeof mse !== "number") return mse;
    const fvu = run.metrics["reconstruction/fvu"];
    if (fvu !== undefined && fvu > thresholds["most-fvu"].value) return nearTheMean(run, mse, fvu);
    const peers = sweep.map((other) => other.run).filter((other) => other.id !== run.id && isComparable(other, run));
    return worseThanDense(run, mse, peers) ?? worseThanPeer(run, mse, peers) ?? clear;
  },
};

function nearTheMean(run: RunSummary, mse: number, fvu: number): Look {
  return seen({
    severity: "problem",
    summary: `The reconstructions leave ${fvu.toPrecision(3)} of the variance unexplained: about as good as the mean.`,
    numbers: { fvu, mse },
    changes: moreSteps(run),
  });
}

/** Alike in data, rows trained on and k, so that MSE can be compared. */
function isComparable(other: RunSummary, run: RunSummary): boolean {
  return (
    other.state === "done" &&
    other.metrics[mseName] !== undefined &&
    kOf(other) === kOf(run) &&
    other.config.model.expert.type === run.config.model.expert.type &&
    JSON.stringify(other.config.source) === JSON.stringify(run.config.source) &&
    rowsOf(other) === rowsOf(run)
  );
}

function rowsOf({ config: { training } }: RunSummary): number {
  return training.steps * training.batchSize;
}

function worseThanDense(run: RunSummary, mse: number, peers: readonly RunSummary[]): Look | undefined {
  const { experts, features } = run.shape;
  if (experts === 1) return undefined;
  const dense = peers.filter(({ shape }) => shape.experts === 1);
  const sameWidth = mean(dense.filter(({ shape }) => shape.features === features));
  const ofSameFlops = mean(dense.filter((other) => costs(other, run, sameFlops) && costs(run, other, sameFlops)));
  const expected = paperRatio(experts);
  const [limit, reference, what] =
    ofSameFlops === undefined
      ? [thresholds["most-times-paper"].value * expected, sameWidth, "of the same width"]
      : [thresholds["most-times-dense"].value, ofSameFlops, "at the same FLOPs a row"];
  if (reference === undefined || mse / reference <= limit) return undefined;
  return seen({
    severity: mse / reference > 2 * limit ? "problem" : "warning",
    summary: `MSE is ${(mse / reference).toPrecision(3)} times that of the dense run ${what}; up to ${limit.toPrecision(3)} would be ordinary for ${experts} experts.`,
    numbers: { mse, "dense-mse": reference, ratio: mse / reference, limit },
    changes: changes(run),
  });
}

function worseThanPeer(run: RunSummary, mse: number, peers: readonly RunSummary[]): Look | undefined {
  const cheaper = peers.filter((other) => costs(other, run, 1.05));
  const best = cheaper.reduce<RunSummary | undefined>(
    (a, b) => (a === undefined || mseOf(b) < mseOf(a) ? b : a),
    undefined,
  );
  if (best === undefined || mse / mseOf(best) <= thresholds["most-times-peer"].value) return undefined;
  const ratio = mse / mseOf(best);
  return seen({
    severity: "warning",
    summary: `MSE is ${ratio.toPrecision(3)} times that of ${best.name}, which costs no more a row.`,
    numbers: { mse, "peer-mse": mseOf(best), ratio, limit: thresholds["most-times-peer"].value },
    changes: changes(run),
  });
}

function changes(run: RunSummary): readonly Change[] {
  const { router } = run.config.model;
  const found: Change[] = [];
  if (router["gate"] === "heaviside") {
    const why = "multiplying by the router's probability is worth about 20 % of MSE in the paper";
    found.push({ key: "model.router.gate", from: "heaviside", to: "softmax", why });
  }
  return [...found, ...moreSteps(run), ...fewerExperts(run, "larger experts reconstruct better at the same width")];
}

function moreSteps({ config: { training } }: RunSummary): readonly Change[] {
  const why = "small experts see a share of the rows each, and need more of them";
  return [{ key: "training.steps", from: training.steps, to: 2 * training.steps, why }];
}

/** Linear in log2 E between the paper's points, and on from the last. */
export function paperRatio(experts: number): number {
  const at = Math.log2(experts);
  const right = Math.max(
    1,
    paperRatios.findIndex(([count]) => count >= experts),
  );
  const index = experts > 128 ? paperRatios.length - 1 : right;
  const [[fewer, low] = [1, 1], [more, high] = [16, 1]] = [paperRatios[index - 1], paperRatios[index]];
  const share = (at - Math.log2(fewer)) / (Math.log2(more) - Math.log2(fewer));
  return low + share * (high - low);
}

/** Whether `other` costs at most `factor` times as much as `run`; unknown costs compare with nothing. */
function costs(other: RunSummary, run: RunSummary, factor: number): boolean {
  const [mine, theirs] = [run.metrics[flopsName], other.metrics[flopsName]];
  return mine !== undefined && theirs !== undefined && theirs <= factor * mine;
}

function mseOf(run: RunSummary): number {
  return run.metrics[mseName] ?? Number.NaN;
}

function mean(runs: readonly RunSummary[]): number | undefined {
  return runs.length === 0 ? undefined : runs.reduce((sum, run) => sum + mseOf(run), 0) / runs.length;
}
