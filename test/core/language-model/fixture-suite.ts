/** The shipped checkpoint against what PyTorch computed from it, on one device. */
import * as assert from "uvu/assert";
import { readSafetensors } from "../../../core/data/safetensors.ts";
import { readGpt2Tensors } from "../../../core/language-model/checkpoint.ts";
import { readGpt2Config } from "../../../core/language-model/gpt2-config.ts";
import { createGpt2 } from "../../../core/language-model/gpt2.ts";
import type { DeviceProvider } from "../../../kernels/devices/device.ts";
import { suite } from "../../suite.ts";

const tolerance = 1e-4;
const folder = "data/tiny-gpt2";
/** The cpu device and a software GPU take seconds for what others do at once, and more on a busy machine. */
const timeoutMs = 120_000;

/**
 * @param numContexts Of the fixture's four, for the residual streams; the cpu device takes a second a context.
 * @param skip Why the device is not tested here.
 */
export function describeFixture(device: DeviceProvider, numContexts: number, skip?: string): void {
  suite(`gpt2 on ${device.name}`, (test) => {
    test(
      "agrees with PyTorch in every layer, the logits and the cross-entropy",
      async () => {
        const { tf, kernels } = await device.open();
        const { tensors } = await readSafetensors("test/data/tiny-gpt2-fixture.safetensors");
        const floats = (name: string): Float32Array => tensors.get(name)!.data as Float32Array;
        const ids = tensors.get("ids")!.data as Int32Array;
        const nextIds = tensors.get("next_ids")!.data as Int32Array;
        const config = await readGpt2Config(folder);
        const model = createGpt2({ tf, kernels, config, tensors: await readGpt2Tensors(folder, config) });
        const before = tf.memory().numTensors;
        const some = { ids: ids.subarray(0, numContexts * 128), numContexts, contextLength: 128 };
        for (let layer = 0; layer < 3; layer++) {
          const { acts_ND } = model.toHook(some, { layer, name: "resid-post" });
          const reference = floats(`resid_post.${layer}`).subarray(0, acts_ND.size);
          assert.ok(largest(acts_ND.dataSync<"float32">(), reference) < tolerance, `layer ${layer}`);
          acts_ND.dispose();
        }
        const all = { ids, numContexts: 4, contextLength: 128 };
        const { acts_ND } = model.toHook(all, { layer: 3, name: "resid-post" });
        assert.ok(largest(acts_ND.dataSync<"float32">(), floats("resid_post.3")) < tolerance);
        const logs = model.logProbabilities(acts_ND);
        const all_NV = logs.dataSync<"float32">();
        const losses = [...nextIds].map((id, row) => -all_NV[row * config.vocabularySize + id]!);
        const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
        assert.ok(Math.abs(mean - Number(tensors.get("cross_entropy")!.data[0])) < tolerance, `${mean}`);
        const last8 = Array.from({ length: 32 }, (_, i) => Math.floor(i / 8) * 128 + 120 + (i % 8));
        const logits = tf.tidy(() => model.logits(tf.gather(acts_ND, last8)));
        assert.ok(largest(logits.dataSync<"float32">(), floats("logits_last8")) < tolerance);
        tf.dispose([acts_ND, logits, logs]);
        // The output layer, transposed once, stays.
        assert.is(tf.memory().numTensors, before + 1);
      },
      { timeoutMs, skip },
    );
  });
}

function largest(actual: Float32Array, expected: Float32Array): number {
  assert.is(actual.length, expected.length);
  assert.ok(actual.length > 0);
  return actual.reduce((max, value, i) => Math.max(max, Math.abs(value - expected[i]!)), 0);
}
