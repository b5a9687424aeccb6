/** Error codes of the sweep room. A code never changes its meaning; a retired one is not reused. */
import type { Explanation } from "./explanation.ts";

export const sweepCodes = {
  SWEEP_SYNTAX: {
    title: "The sweep block has the wrong form.",
    why: "sweep takes grid, zip, exclude, include, seeds and match, each in a form of its own.",
    fix: "Correct the marked part.",
    example:
      "sweep:\n  grid: { model.expert.k: [16, 32] }\n  zip: [{ model.features: [1024, 2048], training.steps: [200, 100] }]\n  seeds: 3",
  },
  SWEEP_EMPTY_AXIS: {
    title: "An axis of a sweep has no value.",
    why: "Every run takes one value of every axis, so an empty axis means no run at all.",
    fix: "Give the axis a value, or remove it.",
  },
  SWEEP_UNEQUAL_ZIP: {
    title: "Axes that move together have different lengths.",
    why: "A zip takes the first value of each axis, then the second of each, and so on.",
    fix: "Make the lists equally long, or move one axis to grid.",
  },
  SWEEP_DUPLICATE_AXIS: {
    title: "Two axes of a sweep set the same path.",
    why: "One of them would silently win.",
    fix: "Remove one of the axes.",
  },
  SWEEP_TOO_LARGE: {
    title: "A sweep asks for more runs than anyone can want.",
    why: "Axes multiply; a range with a misplaced digit makes millions of runs.",
    fix: "Shorten the axes, or zip those that belong together.",
  },
  SWEEP_NO_RUNS: {
    title: "Every run of a sweep is excluded.",
    why: "exclude leaves out each combination of the axes.",
    fix: "Narrow the patterns of exclude.",
  },
  SWEEP_EXCLUDE_UNUSED: {
    title: "A pattern under exclude matches no run.",
    why: "Often its path or value is misspelt, and runs that should be left out are trained.",
    fix: "Correct the pattern, or remove it.",
  },
  SWEEP_DUPLICATE_RUN: {
    title: "Two points of a sweep are the same run.",
    why: "Their configs give the same result, so only the first is kept.",
    fix: "Remove the repeated value; often an axis has a value twice, or an option has no effect.",
  },
  SWEEP_FLOPS_NOT_WHOLE: {
    title: "No whole number of features costs the same as the baseline.",
    why: "With match: flops, features are multiplied by experts / selected experts.",
    fix: "Choose features that the number of selected experts divides.",
  },
  PLUGIN_FACTS_FAILED: {
    title: "A plugin failed to say what it is before it is built.",
    why: "The plan of a sweep asks routers, experts and sources for their facts; this one threw instead of answering.",
    fix: "Read the plugin's message; correct its options, or its facts().",
  },
  K_NOT_SPARSE: {
    title: "Every feature that a row sees may be active.",
    why: "k equals the features of the experts that a row is routed to, so top-k selects nothing.",
    fix: "Lower k, or give each expert more features.",
  },
} as const satisfies Record<string, Explanation>;
