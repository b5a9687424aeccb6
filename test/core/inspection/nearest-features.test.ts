import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { nearestFeatures } from "../../../core/inspection/nearest-features.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { suite } from "../../suite.ts";
import { rowsOf } from "../evaluation/fixtures.ts";
import { cosine } from "./fixtures.ts";

let tf: typeof tensorflow;

suite("nearest features", (test, hooks) => {
  hooks.before(async () => {
    ({ tf } = await wasmDevice.open());
  });

  test("are those of a float64 comparison of all with all, over several tiles", async () => {
    // More than the 512 rows of a tile.
    const rows = rowsOf(600, 4, 11);
    const nearest = await nearestFeatures(tf, tf.tensor2d(rows), { featuresPerExpert: 150, count: 2 });
    let checked = 0;
    for (const feature of [0, 149, 150, 511, 512, 599]) {
      const ranked = rows
        .map((row, other) => ({ other, cosine: cosine(row, rows[feature]!) }))
        .filter(({ other }) => other !== feature)
        .sort((a, b) => b.cosine - a.cosine);
      const isOwn = (other: number): boolean => Math.floor(other / 150) === Math.floor(feature / 150);
      for (const [found, expected] of [
        [nearest.sameExpert(feature), ranked.filter(({ other }) => isOwn(other))],
        [nearest.otherExpert(feature), ranked.filter(({ other }) => !isOwn(other))],
      ] as const) {
        assert.is(found.length, 2);
        for (const [i, { id, score }] of found.entries()) {
          assert.is(id, expected[i]!.other);
          assert.ok(Math.abs(score - expected[i]!.cosine) < 1e-5);
          checked += 1;
        }
      }
    }
    assert.is(checked, 24);
  });

  test("of one expert, or of experts of one feature, are on one side only", async () => {
    const decoder_FD = tf.tensor2d(rowsOf(3, 4, 1));
    const dense = await nearestFeatures(tf, decoder_FD, { featuresPerExpert: 3, count: 5 });
    assert.equal([dense.sameExpert(0).length, dense.otherExpert(0).length], [2, 0]);
    const single = await nearestFeatures(tf, decoder_FD, { featuresPerExpert: 1, count: 5 });
    assert.equal([single.sameExpert(0).length, single.otherExpert(0).length], [0, 2]);
  });

  test("do not depend on the length of the rows; a zero row is near to nothing", async () => {
    const nearest = await nearestFeatures(
      tf,
      tf.tensor2d([
        [1, 0],
        [100, 1],
        [0.001, 0.001],
        [0, 0],
      ]),
      {
        featuresPerExpert: 4,
        count: 3,
      },
    );
    assert.equal(
      nearest.sameExpert(0).map(({ id }) => id),
      [1, 2, 3],
    );
    assert.is(nearest.sameExpert(0)[2]?.score, 0);
  });
});
