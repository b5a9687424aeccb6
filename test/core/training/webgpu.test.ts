/** Training on a GPU: the same bits each time, and the losses of the device `native`. */
import * as assert from "uvu/assert";
import { train } from "../../../core/training/train.ts";
import type { StepRecord } from "../../../core/training/contracts.ts";
import type { Device, DeviceProvider } from "../../../kernels/devices/device.ts";
import { nativeDevice } from "../../../kernels/devices/native.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { gpuMissing, testedGpu } from "../../kernels/software-gpu.ts";
import { suite } from "../../suite.ts";
import { everyValue, makeTraining } from "./make-training.ts";
import type { TrainingChoice } from "./make-training.ts";

/** One choice a way through the kernels: selection in one expert and in two, and the grouped products. */
const choices: Readonly<Record<string, TrainingChoice & { readonly steps: number }>> = {
  "switch, top-k": { steps: 200 },
  "two experts a row, top-k": { steps: 30, router: { type: "top-e", experts: 4, e: 2 } },
  "switch, relu": {
    steps: 30,
    expert: { type: "relu" },
    losses: [{ type: "reconstruction" }, { type: "l1", weight: 0.01 }],
  },
};

const native = nativeDevice({ threads: 1 });
const reference: DeviceProvider = (await native.unavailableReason()) === undefined ? native : wasmDevice;

suite("training on webgpu", (test) => {
  for (const [what, choice] of Object.entries(choices)) {
    const compare = async (): Promise<void> => {
      const [expected, received] = [await run(reference, choice), await run(testedGpu, choice)];
      assert.is(received.losses.length, choice.steps);
      for (const [i, loss] of expected.losses.entries()) {
        const error = Math.abs(received.losses[i]! - loss) / Math.abs(loss);
        assert.ok(error <= 1e-4, `step ${i + 1}: ${received.losses[i]} for ${loss}`);
      }
    };
    test(`has the losses of ${reference.name} over ${choice.steps} steps: ${what}`, compare, {
      skip: gpuMissing,
      timeoutMs: 200_000,
    });
  }

  test(
    "repeats to the same bits",
    async () => {
      const [first, second] = [
        await run(testedGpu, { steps: 20, router: { type: "top-e", experts: 4, e: 2 } }),
        await run(testedGpu, { steps: 20, router: { type: "top-e", experts: 4, e: 2 } }),
      ];
      assert.equal(first.losses, second.losses);
      for (const [name, values] of Object.entries(first.values)) {
        assert.is(Buffer.compare(bytesOf(values), bytesOf(second.values[name]!)), 0, name);
      }
    },
    { skip: gpuMissing, timeoutMs: 200_000 },
  );
});

interface Outcome {
  readonly losses: readonly number[];
  readonly values: Readonly<Record<string, Float32Array>>;
}

async function run(provider: DeviceProvider, choice: TrainingChoice): Promise<Outcome> {
  const device: Device = await provider.open();
  const training = makeTraining(device, { ...choice, config: { logEvery: 1, checkpointEvery: 1000 } });
  const records: StepRecord[] = [];
  await train({
    ...training.input,
    computesAhead: device.computesAhead,
    onStep: (record) => void records.push(record),
  });
  const values = everyValue(training.model);
  training.dispose();
  return { losses: records.map(({ loss }) => loss), values };
}

function bytesOf(values: Float32Array): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}
