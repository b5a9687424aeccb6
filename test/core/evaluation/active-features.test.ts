import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { visitActiveFeatures } from "../../../core/evaluation/active-features.ts";
import type { Code } from "../../../core/model/contracts.ts";
import { suite } from "../../suite.ts";
import { useCpu } from "./fixtures.ts";

async function activeFeatures(code: Code, featuresPerExpert: number): Promise<number[][]> {
  const visited: number[][] = [];
  await visitActiveFeatures(code, featuresPerExpert, (...visit) => visited.push(visit));
  return visited;
}

suite("visitActiveFeatures", (test, hooks) => {
  hooks.before(useCpu);

  test("visits the features of a sparse code and passes over zeros", async () => {
    const code: Code = {
      kind: "sparse",
      indices_BK: tf.tensor2d(
        [
          [1, 5],
          [0, 2],
          [3, 4],
        ],
        [3, 2],
        "int32",
      ),
      values_BK: tf.tensor2d([
        [0.5, 2],
        [0, 1],
        [0, 0],
      ]),
    };
    assert.equal(await activeFeatures(code, 3), [
      [0, 1, 0.5],
      [0, 5, 2],
      [1, 2, 1],
    ]);
  });

  test("turns places in blocks into features of the dictionary", async () => {
    // Two experts a row, three features each: block 2 holds features 6, 7, 8.
    const code: Code = {
      kind: "block",
      expertIndices_BR: tf.tensor2d(
        [
          [2, 0],
          [1, 3],
        ],
        [2, 2],
        "int32",
      ),
      values_BRM: tf.tensor3d([
        [
          [0, 1, 0],
          [2, 0, 0],
        ],
        [
          [0, 0, 3],
          [4, 0, 5],
        ],
      ]),
    };
    assert.equal(await activeFeatures(code, 3), [
      [0, 7, 1],
      [0, 0, 2],
      [1, 5, 3],
      [1, 9, 4],
      [1, 11, 5],
    ]);
  });

  test("counts a negative value as active", async () => {
    const code: Code = {
      kind: "sparse",
      indices_BK: tf.tensor2d([[1]], [1, 1], "int32"),
      values_BK: tf.tensor2d([[-2]]),
    };
    assert.equal(await activeFeatures(code, 3), [[0, 1, -2]]);
  });
});
