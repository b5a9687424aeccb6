/** The loss ends about where it began: the training moved nothing, or nothing that helps. */
import { clear, seen, unknown } from "./contracts.ts";
import type { Change, Signature } from "./contracts.ts";
import { leastPoints, lossCurve } from "./loss-curve.ts";
import { learningRateOf, percent } from "./run-facts.ts";

const thresholds = {
  "least-fall": {
    value: 0.1,
    why: "from the first logged tenth to the last; the paper's SAEs fall by more than that even from a fifth of their training on",
  },
  "most-rise": { value: 0.05, why: "a loss that rises has diverged, not stalled" },
} as const;

export const stalledLoss: Signature = {
  name: "stalled-loss",
  title: "Stalled loss",
  thresholds,
  look: ({ run }) => {
    const curve = lossCurve(run);
    if (curve.numPoints < leastPoints)
      return unknown(`a loss curve: ${curve.numPoints} steps logged of ${leastPoints} needed`);
    const [first, last] = [curve.between(0, 0.1), curve.between(0.9, 1)];
    const fall = 1 - last / first;
    if (fall >= thresholds["least-fall"].value || last / curve.lowest - 1 > thresholds["most-rise"].value) return clear;
    const rate = learningRateOf(run);
    const changes: Change[] = [];
    if (rate !== undefined) {
      const paper = Number((2e-4 / Math.sqrt(run.shape.features / 16384)).toPrecision(3));
      const isSmall = rate < paper;
      const why = isSmall
        ? "the paper's rule, 2e-4 / sqrt(F / 16384)"
        : "it learns nothing at this one; try both sides";
      changes.push({ key: "training.optimizer.learningRate", from: rate, to: isSmall ? paper : rate / 10, why });
    }
    return seen({
      severity: "problem",
      summary: `The loss fell by ${percent(fall)} in the whole training.`,
      numbers: { fall, "first-loss": first, "last-loss": last },
      changes,
    });
  },
};
