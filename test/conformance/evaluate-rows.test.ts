import * as assert from "uvu/assert";
import { cost } from "../../plugins/evaluator/cost.ts";
import { duplication } from "../../plugins/evaluator/duplication.ts";
import { reconstruction } from "../../plugins/evaluator/reconstruction.ts";
import { sparsity } from "../../plugins/evaluator/sparsity.ts";
import { openCpuDevice } from "./workbench.ts";
import { evaluateRows } from "./evaluate-rows.ts";
import { suite } from "../suite.ts";

suite("evaluating rows that were written down", (test) => {
  test("hands reconstructions over in the order of the rows, whatever the batches", async () => {
    const rows = { acts: [[1], [2], [3]], reconstruction: [[1], [0], [0]] };
    for (const batchSize of [1, 2, 3]) {
      const { metrics } = await evaluateRows(reconstruction, { ...rows, batchSize });
      assert.is(metrics["mse"], 13 / 3);
    }
  });

  test("takes positions, options and the features that are active", async () => {
    const { metrics } = await evaluateRows(reconstruction, {
      options: { withoutFirst: true },
      acts: [[9], [2]],
      reconstruction: [[0], [0]],
      positions: [0, 1],
    });
    assert.equal([metrics["mse"], metrics["mse-without-first"]], [42.5, 4]);
    const active = [[[5, 1]], [[0, 2]]] as const;
    const { metrics: sparse } = await evaluateRows(sparsity, { acts: [[1], [2]], active, numExperts: 4 });
    // Features 0 to 5 need two an expert, so there are eight.
    assert.equal([sparse["l0"], sparse["dead-fraction"]], [1, 6 / 8]);
  });

  test("leaves no tensor behind, and says for whom it is not", async () => {
    const { tf } = await openCpuDevice();
    const before = tf.memory().numTensors;
    await evaluateRows(duplication, { acts: [[1, 2]], decoder: [[1, 0]] });
    let message = "";
    try {
      await evaluateRows(cost, { acts: [[1, 2]] });
    } catch (error) {
      message = String(error);
    }
    assert.match(message, /for evaluators that run no model/);
    assert.is(tf.memory().numTensors, before);
  });
});
