/** The loss is still falling steeply when the training ends: the comparison is one of speeds, not of what is reached. */
import { clear, seen, unknown } from "./contracts.ts";
import type { Signature } from "./contracts.ts";
import { leastPoints, lossCurve } from "./loss-curve.ts";
import { percent } from "./run-facts.ts";

const thresholds = {
  "most-fall": {
    value: 0.1,
    why: "from the third quarter of the steps to the last; the paper's SAEs fall by 10 to 20 % over the last four fifths of theirs",
  },
} as const;

export const shortTraining: Signature = {
  name: "short-training",
  title: "Training too short",
  thresholds,
  look: ({ run }) => {
    if (run.state !== "done") return unknown(`a finished training: the run is ${run.state}`);
    const curve = lossCurve(run);
    if (curve.numPoints < leastPoints)
      return unknown(`a loss curve: ${curve.numPoints} steps logged of ${leastPoints} needed`);
    const [third, fourth] = [curve.between(0.5, 0.75), curve.between(0.75, 1)];
    const fall = 1 - fourth / third;
    if (fall <= thresholds["most-fall"].value) return clear;
    const { steps } = run.config.training;
    return seen({
      severity: "warning",
      summary: `The loss fell by ${percent(fall)} from the third quarter of the ${steps} steps to the last.`,
      numbers: { fall, "third-quarter": third, "last-quarter": fourth, steps },
      changes: [
        { key: "training.steps", from: steps, to: 4 * steps, why: "until a quarter of the steps gains little" },
      ],
    });
  },
};
