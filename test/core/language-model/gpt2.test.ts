import { join } from "node:path";
import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { readGpt2Tensors } from "../../../core/language-model/checkpoint.ts";
import type { Gpt2Tensors } from "../../../core/language-model/checkpoint.ts";
import { readGpt2Config } from "../../../core/language-model/gpt2-config.ts";
import { createGpt2 } from "../../../core/language-model/gpt2.ts";
import type { Gpt2 } from "../../../core/language-model/gpt2.ts";
import { hookNames } from "../../../core/language-model/hook-points.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import type { Kernels } from "../../../kernels/kernels.ts";
import { suite } from "../../suite.ts";
import { temporaryFolder } from "../data/temporary-folder.ts";
import { referenceLosses, referencePass } from "./gpt2-reference.ts";
import { writeCheckpoint } from "./tiny-checkpoint.ts";
import type { CheckpointOptions } from "./tiny-checkpoint.ts";

const folder = temporaryFolder();
const contexts = [
  [3, 1, 4, 1, 5, 9, 2, 6],
  [19, 0, 7, 7, 18, 12, 3, 11],
];
const batch = { ids: Int32Array.from(contexts.flat()), numContexts: 2, contextLength: 8 };
const D = 8;
let tf: typeof tensorflow;
let kernels: Kernels;
let numCheckpoints = 0;

async function load(options: CheckpointOptions = {}): Promise<{ readonly model: Gpt2; readonly tensors: Gpt2Tensors }> {
  const checkpoint = await writeCheckpoint(join(folder, String(numCheckpoints++)), options);
  const config = await readGpt2Config(checkpoint);
  const tensors = await readGpt2Tensors(checkpoint, config);
  return { model: createGpt2({ tf, kernels, config, tensors }), tensors };
}

function near(actual: ArrayLike<number>, expected: readonly number[], what: string, tolerance = 2e-5): void {
  assert.is(actual.length, expected.length, what);
  const worst = expected.reduce((max, value, i) => Math.max(max, Math.abs(value - actual[i]!)), 0);
  assert.ok(worst < tolerance, `${what}: off by ${worst}`);
}

suite("gpt2", (test, hooks) => {
  hooks.before(async () => {
    ({ tf, kernels } = await wasmDevice.open());
  });

  test("agrees with a float64 reference at every hook point of every layer", async () => {
    const { model, tensors } = await load();
    const references = contexts.map((ids) => referencePass(model.config, tensors, ids));
    for (let layer = 0; layer < 2; layer++) {
      for (const name of hookNames) {
        const { acts_ND } = model.toHook(batch, { layer, name });
        const expected = references.flatMap(({ points }) => points.get(`${name}.${layer}`)!.flat());
        near(acts_ND.dataSync(), expected, `${name} ${layer}`);
      }
    }
  });

  test("going on from any hook point gives the whole model's logits and losses", async () => {
    const { model, tensors } = await load();
    const labels = contexts.map((ids) => [...ids.slice(1), 0]);
    const references = contexts.map((ids) => referencePass(model.config, tensors, ids));
    const losses = references.flatMap(({ logits }, i) => referenceLosses(logits, labels[i]!));
    for (let layer = 0; layer < 2; layer++) {
      for (const name of hookNames) {
        const hook = { layer, name };
        const final_ND = model.fromHook(model.toHook(batch, hook), batch, hook);
        const expected = references.flatMap(({ logits }) => logits.flat());
        near(model.logits(final_ND).dataSync(), expected, `logits from ${name} ${layer}`, 1e-4);
        const logs = model.logProbabilities(final_ND).dataSync();
        const own = labels.flat().map((label, row) => -logs[row * model.config.vocabularySize + label]!);
        near(Float32Array.from(own), losses, "losses", 1e-4);
      }
    }
  });

  test("replacing the activations at a hook point changes what comes after as in the reference", async () => {
    const { model, tensors } = await load();
    for (const name of hookNames) {
      const hook = { layer: 1, name };
      const pass = model.toHook(batch, hook);
      const changed = { ...pass, acts_ND: tf.mul<tensorflow.Tensor2D>(pass.acts_ND, -0.5) };
      const logits = model.logits(model.fromHook(changed, batch, hook)).dataSync();
      const expected = contexts.flatMap((ids) =>
        referencePass(model.config, tensors, ids, (point, rows) =>
          point === `${name}.1` ? rows.map((row) => row.map((value) => value * -0.5)) : rows,
        ).logits.flat(),
      );
      near(logits, expected, name, 1e-4);
    }
  });

  test("reads every published layout of a checkpoint to the same activations", async () => {
    const hook = { layer: 1, name: "resid-post" } as const;
    const plain = (await load()).model.toHook(batch, hook).acts_ND.dataSync();
    const layouts: readonly CheckpointOptions[] = [
      { prefix: "transformer." },
      { dtype: "F16" },
      { dtype: "BF16", prefix: "transformer." },
      { shards: 3 },
      { shards: 2, prefix: "transformer.", dtype: "F16" },
      { head: true },
    ];
    for (const layout of layouts) {
      const { model } = await load(layout);
      const what = JSON.stringify(layout);
      // The weights are multiples of 2^-9, which half precision holds exactly and bfloat16 nearly.
      near(model.toHook(batch, hook).acts_ND.dataSync(), [...plain], what, layout.dtype === "BF16" ? 0.1 : 1e-6);
    }
  });

  test("uses an output layer of its own only when config.json says that it is not tied", async () => {
    const hook = { layer: 1, name: "resid-post" } as const;
    const logitsOf = async (options: CheckpointOptions): Promise<readonly number[]> => {
      const { model } = await load(options);
      return [...model.logits(model.toHook(batch, hook).acts_ND).dataSync()];
    };
    const tied = await logitsOf({});
    near(await logitsOf({ head: true }), tied, "tied, with a copy in the file");
    near(await logitsOf({ config: { tie_word_embeddings: false } }), tied, "untied, without one");
    const { model, tensors } = await load({ head: true, config: { tie_word_embeddings: false } });
    const expected = contexts.flatMap((ids) => referencePass(model.config, tensors, ids).logits.flat());
    const untied = model.logits(model.toHook(batch, hook).acts_ND).dataSync();
    near(untied, expected, "untied", 1e-4);
    assert.ok(Math.abs(untied[0]! - tied[0]!) > 0.01);
  });

  test("is causal: a later token changes nothing before it", async () => {
    const { model } = await load();
    const hook = { layer: 1, name: "resid-post" } as const;
    const changed = Int32Array.from(batch.ids);
    changed[5] = 17;
    const first = model.toHook(batch, hook).acts_ND.dataSync();
    const second = model.toHook({ ...batch, ids: changed }, hook).acts_ND.dataSync();
    assert.equal(first.slice(0, 5 * D), second.slice(0, 5 * D));
    assert.not.equal(first.slice(5 * D, 8 * D), second.slice(5 * D, 8 * D));
    assert.equal(first.slice(8 * D), second.slice(8 * D), "the other context");
  });

  test("gives a context the same activations in any batch", async () => {
    const { model } = await load();
    const hook = { layer: 1, name: "mlp-out" } as const;
    const together = model.toHook(batch, hook).acts_ND.dataSync();
    const alone = { ids: batch.ids.subarray(8), numContexts: 1, contextLength: 8 };
    near(model.toHook(alone, hook).acts_ND.dataSync(), [...together.slice(8 * D)], "second context", 1e-6);
  });

  test("leaves no tensor behind", async () => {
    const start = tf.memory().numTensors;
    const { model } = await load();
    const hook = { layer: 0, name: "attention-out" } as const;
    const pass = model.toHook(batch, hook);
    const final_ND = model.fromHook(pass, batch, hook);
    const logs = model.logProbabilities(final_ND);
    tf.dispose([pass.acts_ND, pass.residual_ND!, final_ND, logs]);
    model.dispose();
    assert.is(tf.memory().numTensors, start);
  });

  test("refuses a layer that does not exist", async () => {
    const { model } = await load();
    assert.throws(() => model.toHook(batch, { layer: 2, name: "resid-post" }), /layer 2 of a model of 2 layers/);
  });
});
