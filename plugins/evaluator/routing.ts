/**
 * How evenly the router spreads the rows over the experts.
 *
 *   load_e     = share of (row, chosen expert) pairs that go to expert e; sums to 1
 *   entropy    = - sum_e load_e ln load_e                  nats; normalised by ln E
 *   max-load   = E * max_e load_e,  min-load = E * min_e load_e         both 1 when balanced
 *   balance    = E * sum_e load_e P_e, P_e the mean router probability   (the load-balance loss; 1 when balanced)
 *
 * Without a router there is one expert with all the load: entropy 0, normalised entropy 1, loads 1, none dead.
 *
 * Shapes: B rows, E experts, R experts a row.
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- numeric loops with proven bounds */
import { Type } from "typebox";
import type { EvaluationResult, Evaluator } from "../../core/evaluation/contracts.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";

export const routing = definePlugin({
  kind: "evaluator",
  name: "routing",
  version: "1",
  summary: "Load of every expert, its entropy and extremes, and experts that no row reaches.",
  paper: "Mudide et al. 2024, section 3.2 (f_i and P_i)",
  options: Type.Object({}),
  create: (): Evaluator => ({
    metrics: {
      entropy: { summary: "Entropy of the load over experts; ln E when balanced.", unit: "nats", better: "higher" },
      "normalised-entropy": { summary: "Entropy of the load divided by ln E; 1 when balanced.", better: "higher" },
      "max-load": { summary: "Load of the busiest expert, times E; 1 when balanced.", better: "lower" },
      "min-load": { summary: "Load of the idlest expert, times E; 1 when balanced.", better: "higher" },
      "dead-experts": { summary: "Experts that no evaluated row was routed to.", unit: "experts", better: "lower" },
      balance: {
        summary: "E times the sum of load times mean probability; 1 when balanced, E when collapsed.",
        better: "lower",
      },
      "chosen-probability": { summary: "Mean router probability of the chosen experts of a row, summed." },
    },
    begin: ({ shape }) => {
      const tally = new RoutingTally(shape.experts);
      return {
        observe: async ({ routing: { expertIndices_BR, probabilities_BE } }) => {
          tally.addChoices(await expertIndices_BR.data());
          if (probabilities_BE === undefined) return;
          tally.addProbabilities(await probabilities_BE.data(), await expertIndices_BR.data());
        },
        finish: () => tally.result(),
      };
    },
  }),
});

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
    for (let i = 0; i < expertIndices_BR.length; i++) this.choices_E[expertIndices_BR[i]!]! += 1;
  }

  addProbabilities(probabilities_BE: ArrayLike<number>, expertIndices_BR: ArrayLike<number>): void {
    const numExperts = this.probability_E.length;
    const numRows = probabilities_BE.length / numExperts;
    const numSelected = expertIndices_BR.length / numRows;
    for (let i = 0; i < probabilities_BE.length; i++) this.probability_E[i % numExperts]! += probabilities_BE[i]!;
    for (let i = 0; i < expertIndices_BR.length; i++) {
      const row = Math.floor(i / numSelected);
      this.chosenProbability += probabilities_BE[row * numExperts + expertIndices_BR[i]!]!;
    }
    this.rowsWithProbability += numRows;
  }

  result(): EvaluationResult {
    const numExperts = this.choices_E.length;
    const numChoices = this.choices_E.reduce((sum, count) => sum + count, 0);
    const load_E = Array.from(this.choices_E, (count) => count / numChoices);
    const entropy = load_E.reduce((sum, load) => sum - (load === 0 ? 0 : load * Math.log(load)), 0);
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
        "dead-experts": load_E.filter((load) => load === 0).length,
        ...(hasProbabilities ? { balance, "chosen-probability": chosen } : {}),
      },
      artefacts: { load: load_E, ...(hasProbabilities ? { probability: probability_E } : {}) },
    };
  }
}
