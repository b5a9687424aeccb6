import { join } from "node:path";
import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { openRowFile } from "../../../core/data/row-file.ts";
import { readSafetensors } from "../../../core/data/safetensors.ts";
import { createShardedStore } from "../../../core/data/sharded-store.ts";
import { readGpt2Tensors } from "../../../core/language-model/checkpoint.ts";
import type { Gpt2Tensors } from "../../../core/language-model/checkpoint.ts";
import { readGpt2Config } from "../../../core/language-model/gpt2-config.ts";
import { createGpt2 } from "../../../core/language-model/gpt2.ts";
import type { Gpt2 } from "../../../core/language-model/gpt2.ts";
import { harvest } from "../../../core/language-model/harvest.ts";
import type { HarvestOptions } from "../../../core/language-model/harvest.ts";
import { hookNames } from "../../../core/language-model/hook-points.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import type { Kernels } from "../../../kernels/kernels.ts";
import { suite } from "../../suite.ts";
import { rejectsWith } from "../data/expect-error.ts";
import { temporaryFolder } from "../data/temporary-folder.ts";
import { referencePass } from "./gpt2-reference.ts";
import { writeCheckpoint } from "./tiny-checkpoint.ts";

const T = 5;
const train = [
  [1, 2, 3, 4, 5],
  [6, 7, 8, 9, 10],
  [19, 18, 17, 16, 15],
];
const heldOut = [[0, 11, 0, 12, 0]];
let tf: typeof tensorflow;
let kernels: Kernels;
let model: Gpt2;
let tensors: Gpt2Tensors;

/** Harvests, and reads back all rows. */
async function run(change: Partial<HarvestOptions> = {}): Promise<{
  readonly index: Awaited<ReturnType<typeof harvest>>;
  readonly rows: readonly number[];
  readonly folder: string;
}> {
  const folder = temporaryFolder();
  const index = await harvest({
    tf,
    model,
    hook: { layer: 1, name: "resid-post" },
    contexts: { train: Int32Array.from(train.flat()), heldOut: Int32Array.from(heldOut.flat()) },
    contextLength: T,
    excludePositions: [0, 2],
    batchContexts: 2,
    precision: "float32",
    digest: "abc",
    description: {},
    folder,
    progress: () => undefined,
    ...change,
  });
  const files = await Promise.all(index.shards.map(({ file }) => openRowFile(join(folder, file))));
  const store = createShardedStore(files);
  const rows = new Float32Array(store.numRows * store.width);
  await store.read(0, store.numRows, rows);
  return { index, rows: [...rows], folder };
}

suite("harvest", (test, hooks) => {
  hooks.before(async () => {
    ({ tf, kernels } = await wasmDevice.open());
    const folder = await writeCheckpoint(join(temporaryFolder(), "tiny"));
    const config = await readGpt2Config(folder);
    tensors = await readGpt2Tensors(folder, config);
    model = createGpt2({ tf, kernels, config, tensors });
  });

  test("stores the reference's activations of every hook point: contexts in order, included positions ascending", async () => {
    for (const name of hookNames) {
      const { rows } = await run({ hook: { layer: 0, name } });
      const expected = [...train, ...heldOut].flatMap((ids) => {
        const acts = referencePass(model.config, tensors, ids).points.get(`${name}.0`)!;
        return [1, 3, 4].flatMap((position) => acts[position]!);
      });
      assert.is(rows.length, expected.length);
      const worst = expected.reduce((max, value, i) => Math.max(max, Math.abs(value - rows[i]!)), 0);
      assert.ok(worst < 1e-5, `${name}: off by ${worst}`);
    }
  });

  test("describes what it stored", async () => {
    const { index, folder } = await run();
    assert.equal([index.width, index.contextLength, index.rowsPerContext], [8, 5, 3]);
    assert.equal([index.numTrainContexts, index.numHeldOutContexts], [3, 1]);
    assert.is(
      index.shards.reduce((sum, { numRows }) => sum + numRows, 0),
      12,
    );
    assert.is(index.digest, "abc");
    const tokens = (await readSafetensors(join(folder, "tokens.safetensors"))).tensors;
    assert.equal(tokens.get("train")!.shape, [3, 5]);
    assert.equal([...tokens.get("held_out")!.data], heldOut.flat());
  });

  test("does not depend on the number of contexts in a batch", async () => {
    const { rows } = await run();
    for (const batchContexts of [1, 3, 100]) assert.equal((await run({ batchContexts })).rows, rows);
  });

  test("keeps every position when none is excluded, and gathers no held-out text when there is none", async () => {
    const contexts = { train: Int32Array.from(train.flat()), heldOut: new Int32Array(0) };
    const { index, rows } = await run({ excludePositions: [], contexts });
    assert.is(rows.length, 3 * 5 * 8);
    assert.equal([index.rowsPerContext, index.numHeldOutContexts], [5, 0]);
  });

  test("reports progress in tokens, up to the total", async () => {
    const seen: [number, number][] = [];
    await run({ progress: (done, total) => void seen.push([done, total]) });
    assert.equal(seen, [
      [10, 20],
      [15, 20],
      [20, 20],
    ]);
  });

  test("leaves no tensor behind", async () => {
    const before = tf.memory().numTensors;
    await run();
    assert.is(tf.memory().numTensors, before);
  });

  test("stops at activations that half precision cannot hold", async () => {
    const large: Gpt2 = {
      ...model,
      toHook: (...args) => {
        const pass = model.toHook(...args);
        return { ...pass, acts_ND: tf.mul(pass.acts_ND, 1e6) };
      },
    };
    const error = await rejectsWith("DATA_NOT_FINITE", run({ model: large, precision: "float16" }));
    assert.match(error.next ?? "", /float32/);
    assert.ok((await run({ model: large })).rows.some((value) => value > 65504));
  });
});
