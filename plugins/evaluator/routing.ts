/**
 * How evenly the router spreads the rows over the experts, and whether it still moves.
 *
 *   load_e     = share of (row, chosen expert) pairs that go to expert e; sums to 1
 *   entropy    = - sum_e load_e ln load_e                  nats; normalised by ln E
 *   max-load   = E * max_e load_e,  min-load = E * min_e load_e         both 1 when balanced
 *   load-cv    = standard deviation of the loads (over E, not E - 1) / their mean 1/E;  sqrt(E - 1) when collapsed
 *   balance    = E * sum_e load_e P_e, P_e the mean router probability   (the load-balance loss; 1 when balanced)
 *   churn      = share of rows whose set of experts differs between 9/10 of the training and its end
 *
 * E counts the experts that the router chooses among: shared experts, which see every row, have no load. Without a
 * router there is one expert with all the load: entropy 0, normalised entropy 1, loads 1, none dead.
 *
 * Shapes: B rows, E experts to choose among, R experts a row.
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- numeric loops with proven bounds */
import { Type } from "typebox";
import type { EvaluationResult, Evaluator } from "../../core/evaluation/contracts.ts";
import { churnOf } from "../../core/evaluation/routing-churn.ts";
import type { ChurnMoment } from "../../core/evaluation/routing-churn.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";

export const routing = definePlugin({
  kind: "evaluator",
  name: "routing",
  version: "2",
  summary: "Load of every expert, its entropy and extremes, experts that no row reaches, and how much rows still move.",
  paper: "Mudide et al. 2024, section 3.2 (f_i and P_i)",
  options: Type.Object({}),
  create: (): Evaluator => ({
    metrics: {
      entropy: { summary: "Entropy of the load over experts; ln E when balanced.", unit: "nats", better: "higher" },
      "normalised-entropy": { summary: "Entropy of the load divided by ln E; 1 when balanced.", better: "higher" },
      "max-load": { summary: "Load of the busiest expert, times E; 1 when balanced.", better: "lower" },
      "min-load": { summary: "Load of the idlest expert, times E; 1 when balanced.", better: "higher" },
      "load-cv": { summary: "Coefficient of variation of the load over experts; 0 when balanced.", better: "lower" },
      "dead-experts": { summary: "Experts that no evaluated row was routed to.", unit: "experts", better: "lower" },
      "dead-expert-fraction": { summary: "Share of experts that no evaluated row was routed to.", better: "lower" },
      balance: {
        summary: "E times the sum of load times mean probability; 1 when balanced, E when collapsed.",
        better: "lower",
      },
      "chosen-probability": { summary: "Mean router probability of the chosen experts of a row, summed." },
      churn: {
        summary: "Share of held-out rows whose experts differ between nine tenths of the training and its end.",
        better: "lower",
      },
    },
    begin: ({ shape, training, routingMoments = [] }) => {
      const tally = new RoutingTally(shape.experts - shape.sharedExperts);
      return {
        observe: async ({ routing: { expertIndices_BR, probabilities_BE } }) => {
          tally.addChoices(await expertIndices_BR.data());
          if (probabilities_BE === undefined) return;
          tally.addProbabilities(await probabilities_BE.data(), await expertIndices_BR.data());
        },
        finish: () => {
          const { metrics, artefacts } = tally.result();
          const moments = churnOf(routingMoments);
          const late = lateChurn(moments, training.steps);
          return {
            metrics: { ...metrics, ...(late === undefined ? {} : { churn: late }) },
            artefacts: { ...artefacts, ...(moments.length === 0 ? {} : { churn: moments }) },
          };
        },
      };
    },
  }),
});

/** Between the moment of nine tenths of the steps and the end, when both were recorded and are two. */
function lateChurn(moments: readonly ChurnMoment[], steps: number): number | undefined {
  const late = Math.round(0.9 * steps);
  if (late === steps || moments.at(-1)?.step !== steps) return undefined;
  return moments.find(({ step }) => step === late)?.untilLast;
}

class RoutingTally {
  private readonly choices_E: Float64Array;
  private readonly probability_E: Float64Array;
  private chosenProbability = 0;
  private rowsWithProbability = 0;

  constructor(numExperts: number) {
    this.choices_E = new Float64Array(numExperts);
    this.probability_E = new Float64Array(numExperts);
  }

  addChoices(expertIndices_BR: ArrayLike<number>): void {
    for (let i = 0; i < expertIndices_BR.length; i++) {
      const expert = expertIndices_BR[i]!;
      // Shared experts are the last ones.
      if (expert < this.choices_E.length) this.choices_E[expert]! += 1;
    }
  }

  addProbabilities(probabilities_BE: ArrayLike<number>, expertIndices_BR: ArrayLike<number>): void {
    const numExperts = this.probability_E.length;
    const numRows = probabilities_BE.length / numExperts;
    const numSelected = expertIndices_BR.length / numRows;
    for (let i = 0; i < probabilities_BE.length; i++) this.probability_E[i % numExperts]! += probabilities_BE[i]!;
    for (let i = 0; i < expertIndices_BR.length; i++) {
      const row = Math.floor(i / numSelected);
      const expert = expertIndices_BR[i]!;
      if (expert < numExperts) this.chosenProbability += probabilities_BE[row * numExperts + expert]!;
    }
    this.rowsWithProbability += numRows;
  }

  result(): EvaluationResult {
    const numExperts = this.choices_E.length;
    const numChoices = this.choices_E.reduce((sum, count) => sum + count, 0);
    const load_E = Array.from(this.choices_E, (count) => count / numChoices);
    const entropy = load_E.reduce((sum, load) => sum - (load === 0 ? 0 : load * Math.log(load)), 0);
    const deadExperts = load_E.filter((load) => load === 0).length;
    // The mean of the loads is 1/E.
    const spread = load_E.reduce((sum, load) => sum + (load * numExperts - 1) ** 2, 0) / numExperts;
    const hasProbabilities = this.rowsWithProbability > 0;
    const probability_E = Array.from(this.probability_E, (sum) => sum / this.rowsWithProbability);
    const balance = load_E.reduce((sum, load, expert) => sum + load * probability_E[expert]!, 0) * numExperts;
    const chosen = this.chosenProbability / this.rowsWithProbability;
    return {
      metrics: {
        entropy,
        "normalised-entropy": numExperts === 1 ? 1 : entropy / Math.log(numExperts),
        "max-load": numExperts * Math.max(...load_E),
        "min-load": numExperts * Math.min(...load_E),
        "load-cv": Math.sqrt(spread),
        "dead-experts": deadExperts,
        "dead-expert-fraction": deadExperts / numExperts,
        ...(hasProbabilities ? { balance, "chosen-probability": chosen } : {}),
      },
      artefacts: { load: load_E, ...(hasProbabilities ? { probability: probability_E } : {}) },
    };
  }
}
