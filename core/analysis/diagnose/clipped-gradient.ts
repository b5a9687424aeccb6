/** Every step's gradient is scaled down: the clip no longer guards against outliers, it sets the size of all. */
import { clear, seen, unknown } from "./contracts.ts";
import type { Signature } from "./contracts.ts";
import { leastPoints, median } from "./loss-curve.ts";

const thresholds = {
  "most-clipped": {
    value: 0.99,
    why: "the paper clips at 1 beside errors of about 1000, so it clips always; Adam divides the scale out again, but every batch then counts the same, outliers too",
  },
} as const;

export const clippedGradient: Signature = {
  name: "clipped-gradient",
  title: "Gradient clipped at every step",
  thresholds,
  look: ({ run }) => {
    const { gradientClip } = run.config.training;
    if (gradientClip === null) return clear;
    const norms = run.steps.map(({ gradientNorm }) => gradientNorm).filter(Number.isFinite);
    if (norms.length < leastPoints)
      return unknown(`gradient norms: ${norms.length} steps logged of ${leastPoints} needed`);
    const clipped = norms.filter((norm) => norm > gradientClip).length / norms.length;
    if (clipped < thresholds["most-clipped"].value) return clear;
    const typical = median(norms);
    return seen({
      severity: "note",
      summary: `The gradient's norm, ${typical.toPrecision(3)} at the median, is above the clip of ${gradientClip} at every logged step.`,
      numbers: { "clipped-share": clipped, "median-norm": typical, "gradient-clip": gradientClip },
      changes: [
        {
          key: "training.gradientClip",
          from: gradientClip,
          to: Number((3 * typical).toPrecision(2)),
          why: "three times the median norm clips outliers alone; leave it to reproduce the paper",
        },
      ],
    });
  },
};
