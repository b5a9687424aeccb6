/** The loss became infinite or NaN in some attempt, or ends well above where it had been. */
import { clear, seen, unknown } from "./contracts.ts";
import type { Change, Signature } from "./contracts.ts";
import { leastPoints, lossCurve } from "./loss-curve.ts";
import { percent, slower } from "./run-facts.ts";
import type { RunSummary } from "../../run/run-summary.ts";

const thresholds = {
  "most-rise": {
    value: 0.05,
    why: "of the median of the last tenth over the lowest tenth; repeats of the authors' runs differ by 1 %",
  },
  "problem-rise": { value: 0.5, why: "half as much again: the training undid what it had learnt" },
} as const;

export const divergedLoss: Signature = {
  name: "diverged-loss",
  title: "Diverged loss",
  thresholds,
  look: ({ run, failures }) => {
    const broken = failures.filter(({ code }) => code === "LOSS_NOT_FINITE" || code === "METRIC_NOT_FINITE");
    if (broken.length > 0) {
      return seen({
        severity: run.state === "done" ? "warning" : "problem",
        summary: `${broken.length} of the run's attempts ended with numbers that are not finite.`,
        numbers: { "broken-attempts": broken.length },
        changes: changes(run),
      });
    }
    const curve = lossCurve(run);
    if (curve.numPoints < leastPoints)
      return unknown(`a loss curve: ${curve.numPoints} steps logged of ${leastPoints} needed`);
    const last = curve.between(0.9, 1);
    const rise = last / curve.lowest - 1;
    if (rise <= thresholds["most-rise"].value) return clear;
    return seen({
      severity: rise > thresholds["problem-rise"].value ? "problem" : "warning",
      summary: `The loss ends ${percent(rise)} above its lowest.`,
      numbers: { rise, "last-loss": last, "lowest-loss": curve.lowest },
      changes: changes(run),
    });
  },
};

function changes(run: RunSummary): readonly Change[] {
  const { gradientClip, schedule, steps } = run.config.training;
  const found: Change[] = [...slower(run, 4, "the steps are larger than the loss can bear")];
  if (gradientClip === null) {
    found.push({
      key: "training.gradientClip",
      from: null,
      to: 1,
      why: "the paper clips at 1; one bad batch then moves little",
    });
  }
  if (schedule.type === "constant") {
    const to = { type: "linear-decay", decayStart: 0.8, warmupSteps: Math.max(1, Math.round(steps / 20)) };
    found.push({ key: "training.schedule", from: schedule, to, why: "starts and ends with small steps" });
  }
  return found;
}
