/**
 * A control: routes without looking at the rows. What a routed model gains over it, its router has learnt.
 *
 *   training    an expert a row, uniform, drawn anew at every step from the run's seed and the step
 *   evaluation  an expert for every position in a batch, uniform, drawn once from the run's seed
 *   gate        1
 *
 * There are no parameters and no probabilities, so a load-balance loss is 0. An evaluated row's expert depends on where
 * in a batch it lies, and on nothing else.
 *
 * Shapes: B rows, E experts, R = 1 expert a row.
 * @see Zuo et al. 2021 (arXiv 2110.04260), where experts drawn at random are the method; docs/paper-map.md
 */
import type * as tensorflow from "@tensorflow/tfjs";
import { Type } from "typebox";
import { routerStream } from "../../core/model/router-draws.ts";
import { expertsOption } from "../../core/model/select-experts.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { rngRef, tensorFlowRef } from "../../core/services.ts";

export const random = definePlugin({
  kind: "router",
  name: "random",
  version: "1",
  summary: "A control: sends every row to an expert drawn at random, whatever the row.",
  options: Type.Object({ experts: expertsOption }),
  deps: { tf: tensorFlowRef, rng: rngRef },
  facts: ({ experts }) => ({ numExperts: experts, numSelected: 1, scores: 0 }),
  create: ({ experts }, { tf, rng }) => ({
    initialise: () => ({}),
    route: (acts_BD, _parameters, training) => {
      const rows = acts_BD.shape[0];
      const stream = training === undefined ? rng.stream("router evaluation") : routerStream(rng, training);
      const chosen = Int32Array.from({ length: rows }, () => stream.integer(experts));
      return {
        expertIndices_BR: tf.tensor2d(chosen, [rows, 1], "int32"),
        gates_BR: tf.ones<tensorflow.Rank.R2>([rows, 1]),
      };
    },
  }),
});
