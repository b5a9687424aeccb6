import { join } from "node:path";
import * as assert from "uvu/assert";
import { writeSafetensors } from "../../../core/data/safetensors.ts";
import { compareDictionaries } from "../../../core/run/dictionary-similarity.ts";
import { checkpointName, checkpointsFolder } from "../../../core/run/layout.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import { suite } from "../../suite.ts";
import { rejectsWith } from "../data/expect-error.ts";
import { near, rowsOf } from "../evaluation/fixtures.ts";
import { temporaryFolder } from "./fixtures.ts";

type Rows = readonly (readonly number[])[];

/** A run folder with checkpoints at steps 10 and `step`; the older one holds nonsense. */
async function runOf(name: string, decoder: Rows, step = 20) {
  const folder = temporaryFolder();
  for (const [at, rows] of [
    [10, [[1]]],
    [step, decoder],
  ] as const) {
    const tensor = { shape: [rows.length, rows[0].length], data: Float32Array.from(rows.flat()) };
    await writeSafetensors(join(checkpointsFolder(folder), checkpointName(at)), { decoder: tensor });
  }
  return { name, folder };
}

function meanNearest(a: Rows, b: Rows): number {
  const cosine = (x: readonly number[], y: readonly number[]): number =>
    x.reduce((sum, value, d) => sum + value * y[d]!, 0) / (Math.hypot(...x) * Math.hypot(...y));
  return a.reduce((sum, row) => sum + Math.max(...b.map((other) => cosine(row, other))), 0) / a.length;
}

suite("similarity of dictionaries", (test) => {
  test("is the mean largest cosine in both directions, of the newest checkpoints", async () => {
    const { tf } = await cpuDevice.open();
    const [small, large] = [rowsOf(7, 3, 1), rowsOf(20, 3, 2)];
    const runs = [await runOf("small", small), await runOf("large", large, 30)];
    const before = tf.memory().numTensors;
    const [pair, ...others] = await compareDictionaries(tf, runs);
    assert.is(tf.memory().numTensors, before);
    assert.is(others.length, 0);
    assert.equal([pair!.a, pair!.b, pair!.steps], [runs[0], runs[1], [20, 30]]);
    near(pair!.aInB, meanNearest(small, large), 1e-6);
    near(pair!.bInA, meanNearest(large, small), 1e-6);
    assert.ok(pair!.aInB - pair!.bInA > 0.02, "the example is telling");
  });

  test("is 1 for the same features in another order and of other lengths", async () => {
    const { tf } = await cpuDevice.open();
    const decoder = rowsOf(12, 4, 5);
    const shuffled = [...decoder].reverse().map((row) => row.map((value) => 3 * value));
    const [pair] = await compareDictionaries(tf, [await runOf("a", decoder), await runOf("b", shuffled)]);
    near(pair!.aInB, 1, 1e-6);
    near(pair!.bInA, 1, 1e-6);
  });

  test("compares every two of several runs, and none of one", async () => {
    const { tf } = await cpuDevice.open();
    const runs = await Promise.all(["a", "b", "c"].map((name, i) => runOf(name, rowsOf(4, 2, i))));
    const pairs = await compareDictionaries(tf, runs);
    assert.equal(
      pairs.map(({ a, b }) => a.name + b.name),
      ["ab", "ac", "bc"],
    );
    assert.equal(await compareDictionaries(tf, runs.slice(0, 1)), []);
  });

  test("says what is missing or does not fit", async () => {
    const { tf } = await cpuDevice.open();
    const run = await runOf("a", rowsOf(4, 2, 1));
    const before = tf.memory().numTensors;
    await rejectsWith("NO_CHECKPOINT", compareDictionaries(tf, [run, { name: "b", folder: temporaryFolder() }]));
    await rejectsWith("DICTIONARIES_DIFFER", compareDictionaries(tf, [run, await runOf("b", rowsOf(4, 3, 1))]));
    const other = temporaryFolder();
    const file = join(checkpointsFolder(other), checkpointName(10));
    await writeSafetensors(file, { encoder: { shape: [1], data: Float32Array.of(1) } });
    const error = await rejectsWith(
      "CHECKPOINT_NOT_RECOGNISED",
      compareDictionaries(tf, [run, { name: "b", folder: other }]),
    );
    assert.is(error.where, file);
    assert.is(tf.memory().numTensors, before);
  });
});
