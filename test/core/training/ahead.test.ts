/** Training on a device that computes ahead: the same steps, read seldom. On wasm, which does not, so both can be compared. */
import * as assert from "uvu/assert";
import type { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import type { Optimizer, StepRecord } from "../../../core/training/contracts.ts";
import { train } from "../../../core/training/train.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { suite } from "../../suite.ts";
import { batchSize, makeTraining, numTensors, parameterValues, width } from "./make-training.ts";
import type { TrainingChoice } from "./make-training.ts";

suite("training on a device that computes ahead", (test, hooks) => {
  let device: Device;
  hooks.before(async () => {
    device = await wasmDevice.open();
  });

  interface Outcome {
    readonly records: readonly StepRecord[];
    readonly parameters: Readonly<Record<string, Float32Array>>;
    readonly saved: readonly number[];
    readonly reads: number;
  }

  const run = async (
    computesAhead: boolean,
    choice: TrainingChoice,
    change: Partial<Optimizer> = {},
  ): Promise<Outcome> => {
    const training = makeTraining(device, choice);
    const records: StepRecord[] = [];
    const saved: number[] = [];
    let reads = 0;
    const backend = device.tf.backend();
    const read = backend.read.bind(backend);
    backend.read = (dataId) => {
      reads += 1;
      return read(dataId);
    };
    try {
      await train({
        ...training.input,
        optimizer: { ...training.input.optimizer, ...change },
        computesAhead,
        onStep: (record) => void records.push(record),
        onCheckpoint: ({ step }) => void saved.push(step),
      });
      return { records, parameters: parameterValues(training.model), saved, reads };
    } finally {
      backend.read = read;
      training.dispose();
    }
  };

  const compare = async (choice: TrainingChoice): Promise<readonly [Outcome, Outcome]> => {
    const [prompt, ahead] = [await run(false, choice), await run(true, choice)];
    assert.equal(
      ahead.records.map(({ step, rows, deadFeatures }) => ({ step, rows, deadFeatures })),
      prompt.records.map(({ step, rows, deadFeatures }) => ({ step, rows, deadFeatures })),
    );
    assert.equal(ahead.saved, prompt.saved);
    for (const [i, record] of ahead.records.entries()) {
      const expected = prompt.records[i]!;
      for (const field of ["loss", "gradientNorm", "learningRate"] as const) {
        assert.ok(Math.abs(record[field] - expected[field]) <= 1e-5 * Math.abs(expected[field]), field);
      }
      assert.equal(Object.keys(record.losses), Object.keys(expected.losses));
    }
    for (const [name, values] of Object.entries(prompt.parameters)) {
      const own = ahead.parameters[name]!;
      assert.ok(
        values.every((value, i) => Math.abs(own[i]! - value) < 1e-5),
        `parameter ${name}`,
      );
    }
    return [prompt, ahead];
  };

  test("makes the same steps and records, and saves at the same ones", async () => {
    await compare({ steps: 23 });
  });
  test("makes the same steps without clipping", async () => {
    await compare({ steps: 12, config: { gradientClip: null } });
  });
  test("gives clipped gradients to an optimizer that does not scale them itself", async () => {
    const { parameters } = await run(true, { steps: 12 });
    const other = await run(true, { steps: 12 }, { scalesGradients: false });
    for (const [name, values] of Object.entries(parameters)) {
      const own = other.parameters[name]!;
      assert.ok(
        values.every((value, i) => Math.abs(own[i]! - value) < 1e-6),
        `parameter ${name}`,
      );
    }
  });
  test("resamples the same features after the same steps, and tells losses of the same dead ones", async () => {
    const losses = [{ type: "reconstruction" }, { type: "aux-k", weight: 0.03 }];
    const config = { deadAfterRows: 3 * batchSize, resampleEvery: 6 };
    await compare({ steps: 20, features: 64, losses, config });
  });
  test("reads what many steps measured at once only", async () => {
    const config = { logEvery: 1000, checkpointEvery: 1000 };
    const [prompt, ahead] = await compare({ steps: 120, config });
    assert.ok(prompt.reads >= 120, String(prompt.reads));
    // After 50, 100 and 120 steps; what the dead watch reads at the start comes to both.
    assert.is(ahead.reads, prompt.reads - 120 + 3);
  });
  test("names the step that broke, and saves nothing after it", async () => {
    const rows = new Float32Array(100 * width).fill(1);
    rows.fill(Number.NaN, 60 * width);
    const outcomes: { message: string; saved: number[] }[] = [];
    for (const computesAhead of [false, true]) {
      const config = { logEvery: 4, checkpointEvery: 1000 };
      const training = makeTraining(device, { steps: 40, rows, config });
      const saved: number[] = [];
      const error = await train({
        ...training.input,
        computesAhead,
        onCheckpoint: ({ step }) => void saved.push(step),
      }).then(
        () => {
          assert.unreachable("training must not finish");
        },
        (thrown: unknown) => thrown as SwitchyardError,
      );
      assert.is((error as SwitchyardError).code, "LOSS_NOT_FINITE");
      outcomes.push({ message: (error as SwitchyardError).summary, saved });
      training.dispose();
    }
    assert.equal(outcomes[1], outcomes[0]);
    assert.equal(outcomes[1]?.saved, []);
  });
  test("keeps no tensor beyond the numbers that are not read yet", async () => {
    const training = makeTraining(device, { steps: 30, config: { logEvery: 10 } });
    const counts: number[] = [];
    await train({
      ...training.input,
      computesAhead: true,
      onStep: () => void counts.push(numTensors(device.tf)),
    });
    assert.is(new Set(counts).size, 1, String(counts));
    training.dispose();
  });
});
