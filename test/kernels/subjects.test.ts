/** The kernel suites themselves: they must be able to fail. */
import * as assert from "uvu/assert";
import type { Device } from "../../kernels/devices/device.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { loadAddon } from "../../kernels/native/addon.ts";
import { causalAttentionCases } from "../conformance/kernels/causal-attention.ts";
import { encodeTopKCases } from "../conformance/kernels/encode-top-k.ts";
import { globalNormCases } from "../conformance/kernels/norms.ts";
import type { KernelSubject } from "../conformance/kernels/kernel-subject.ts";
import { sparseDecodeCases } from "../conformance/kernels/sparse.ts";
import { suite } from "../suite.ts";
import { gpuMissing } from "./software-gpu.ts";
import { nativeMissing, subjects } from "./subjects.ts";

function spoilt(change: (kernels: Kernels, device: Device) => Partial<Kernels>): KernelSubject {
  return {
    name: "spoilt kernels",
    open: async () => {
      const device = await subjects[2]!.open();
      return { ...device, kernels: { ...device.kernels, ...change(device.kernels, device) } };
    },
  };
}

async function failures(cases: readonly { name: string; run: () => Promise<void> }[]): Promise<string[]> {
  const failed: string[] = [];
  for (const { name, run } of cases) {
    await run().catch(() => failed.push(name));
  }
  return failed;
}

suite("kernel suites", (test) => {
  test("run against both versions on both backends, on every instruction set of native where it was built, and on a GPU", () => {
    const loaded = loadAddon();
    const instructionSets = "addon" in loaded ? loaded.addon.instructionSets : [];
    assert.is(nativeMissing === undefined, instructionSets.length > 0);
    assert.equal(
      subjects.map(({ name }) => name),
      [
        ...["reference kernels on cpu", "reference kernels on wasm", "host kernels on cpu", "host kernels on wasm"],
        ...(instructionSets.length === 0 ? [] : ["reference kernels on native"]),
        ...instructionSets.map((name) => `native kernels on native, ${name}`),
        ...(gpuMissing === undefined ? ["webgpu kernels on webgpu"] : []),
      ],
    );
  });

  test("find a decode that is off by one part in a thousand", async () => {
    const subject = spoilt((kernels, { tf }) => ({
      sparseDecode: (...at) => tf.mul(kernels.sparseDecode(...at), 1.001),
    }));
    const failed = await failures(sparseDecodeCases(subject));
    assert.ok(failed.some((name) => name.startsWith("computes its definition")));
    assert.ok(failed.some((name) => name.startsWith("has the gradients")));
  });

  test("find a selection that reads k wrongly or leaks tensors", async () => {
    const subject = spoilt((kernels, { tf }) => ({
      encodeTopK: (input) => {
        tf.keep(tf.scalar(1));
        const output = kernels.encodeTopK(input);
        return { ...output, values_BK: tf.mul(output.values_BK, 2) };
      },
    }));
    const failed = await failures(encodeTopKCases(subject));
    assert.ok(failed.includes("leaves no tensor behind"));
    assert.ok(failed.includes("selects as the contract orders: k of 1"));
  });

  test("find attention that sees a little of what comes later", async () => {
    const subject = spoilt((kernels, { tf }) => ({
      causalAttention: (qkv_N3D, shape) =>
        tf.add(kernels.causalAttention(qkv_N3D, shape), tf.mul(tf.mean(qkv_N3D), 1e-5)),
    }));
    const failed = await failures(causalAttentionCases(subject));
    assert.ok(failed.some((name) => name.startsWith("is causal")));
  });

  test("find checks that are missing", async () => {
    const failed = await failures(globalNormCases(spoilt(() => ({ globalNorm: () => 5 }))));
    assert.ok(failed.includes("refuses integers"));
  });

  test("refuse a skip that names no case, and honour one that does", () => {
    const [subject] = subjects;
    assert.throws(() => sparseDecodeCases(subject!, { "no such case": "why" }), /names no case/);
    const all = sparseDecodeCases(subject!);
    const fewer = sparseDecodeCases(subject!, { "leaves no tensor behind": "an example" });
    assert.is(fewer.length, all.length - 1);
  });
});
