import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { measureMachine, type MachineRates } from "../../../kernels/profile/measure-machine.ts";
import { profileKernels, type KernelCall } from "../../../kernels/profile/profile-kernels.ts";
import { suite } from "../../suite.ts";

interface Measured {
  readonly rates: MachineRates;
  /** Kernels that the measurement called. */
  readonly calls: readonly KernelCall[];
}

async function measure(provider: typeof cpuDevice): Promise<Measured> {
  const device = await provider.open();
  const calls: KernelCall[] = [];
  const stop = profileKernels({
    onCall: (call) => {
      if (call.within.length === 0) calls.push(call);
    },
  });
  try {
    return { rates: measureMachine(device), calls };
  } finally {
    stop();
  }
}

/** Largest rate of any call, a second. */
function best(calls: readonly KernelCall[], rate: (call: KernelCall) => number): number {
  return Math.max(...calls.map((call) => rate(call) / (call.totalMs / 1000)));
}

/** Sizes that were tried: the costs, without repetitions. */
function sizes(calls: readonly KernelCall[], name: string): number {
  return new Set(calls.filter((call) => call.name === name).map(({ bytes }) => bytes)).size;
}

for (const provider of [cpuDevice, wasmDevice]) {
  suite(`the rates of the machine on ${provider.name}`, (test) => {
    test(
      "are those of its fastest product and addition, and leave nothing behind",
      async () => {
        await provider.open();
        const before = tf.memory();
        const { rates, calls } = await measure(provider);
        const [flops, bytes] = [rates.flopsPerSecond, rates.bytesPerSecond];
        const products = best(calls, (call) => call.flops);
        const additions = best(
          calls.filter(({ name }) => name === "Add"),
          (call) => call.bytes,
        );
        // What is measured includes reading one number, and may be of a larger size than the fastest call.
        assert.ok(flops <= products && flops > products / 4, `${flops} of ${products}`);
        assert.ok(bytes <= additions && bytes > additions / 4, `${bytes} of ${additions}`);
        assert.equal([tf.memory().numTensors, tf.memory().numDataBuffers], [before.numTensors, before.numDataBuffers]);
      },
      { timeoutMs: 60_000 },
    );
  });
}

suite("the rates of the machine", (test) => {
  test(
    "take no size larger than a slow device needs",
    async () => {
      const { calls } = await measure(cpuDevice);
      assert.ok(sizes(calls, "BatchMatMul") <= 3, `${sizes(calls, "BatchMatMul")} sizes`);
      assert.ok(sizes(calls, "Add") >= 1);
    },
    { timeoutMs: 60_000 },
  );
});
