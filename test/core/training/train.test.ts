import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import type { StepRecord } from "../../../core/training/contracts.ts";
import { train } from "../../../core/training/train.ts";
import type { TrainingInput } from "../../../core/training/training-input.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { normalRows } from "../model/make-model.ts";
import { KernelError } from "../../../kernels/kernel-error.ts";
import { suite } from "../../suite.ts";
import { batchSize, makeTraining, numTensors, parameterValues, width } from "./make-training.ts";

suite("training loop", (test, hooks) => {
  let device: Device;
  hooks.before(async () => {
    device = await wasmDevice.open();
  });
  const collect = async (input: TrainingInput): Promise<StepRecord[]> => {
    const records: StepRecord[] = [];
    await train({ ...input, onStep: (record) => void records.push(record) });
    return records;
  };

  test("lowers the loss", async () => {
    const training = makeTraining(device, { steps: 200 });
    const records = await collect({ ...training.input, config: { ...training.input.config, logEvery: 1, steps: 200 } });
    const mean = (part: StepRecord[]): number => part.reduce((sum, { loss }) => sum + loss, 0) / part.length;
    assert.ok(mean(records.slice(-20)) < 0.8 * mean(records.slice(0, 20)));
    training.dispose();
  });
  test("records every logEvery steps and the last, with what happened in them", async () => {
    const training = makeTraining(device, { steps: 12 });
    const records = await collect(training.input);
    assert.equal(
      records.map(({ step }) => step),
      [5, 10, 12],
    );
    assert.equal(
      records.map(({ rows }) => rows),
      [5, 10, 12].map((step) => step * batchSize),
    );
    for (const record of records) {
      assert.equal(Object.keys(record.losses), ["reconstruction", "load-balance"]);
      const weighted = record.losses["reconstruction"]! + 0.1 * width * record.losses["load-balance"]!;
      assert.ok(Math.abs(record.loss - weighted) < 1e-4 * weighted);
      assert.ok(record.gradientNorm > 0 && record.stepMs > 0);
    }
    // 12 steps decay from 9.6 on: step 12 has index 11.
    assert.ok(Math.abs(records[2]!.learningRate - (0.01 * (12 - 11)) / (12 - 9.6)) < 1e-12);
    training.dispose();
  });
  test("asks for checkpoints every checkpointEvery steps and at the end", async () => {
    const training = makeTraining(device, { steps: 25 });
    const saved: { step: number; rows: number }[] = [];
    await train({ ...training.input, onCheckpoint: ({ step, rows }) => void saved.push({ step, rows }) });
    assert.equal(
      saved,
      [10, 20, 25].map((step) => ({ step, rows: step * batchSize })),
    );
    training.dispose();
  });
  test("announces what a step is busy with, and a checkpoint apart", async () => {
    const training = makeTraining(device, { steps: 2 });
    const phases: string[] = [];
    await train({
      ...training.input,
      config: { ...training.input.config, checkpointEvery: 2, logEvery: 1 },
      onPhase: (phase) => void phases.push(phase),
      onStep: () => void phases.push("(logged)"),
      onCheckpoint: () => void phases.push("(saved)"),
    });
    const step = ["data", "project", "forward", "backward", "norm", "update", "other", "(logged)"];
    assert.equal(phases, [...step, ...step, "checkpoint", "(saved)", "other"]);
    training.dispose();
  });
  test("tells of the end of every step before its checkpoint, as no part of a step", async () => {
    const training = makeTraining(device, { steps: 2 });
    const told: string[] = [];
    await train({
      ...training.input,
      config: { ...training.input.config, checkpointEvery: 1, logEvery: 1 },
      onPhase: (phase) => {
        if (phase === "checkpoint") told.push(phase);
      },
      onStep: ({ step }) => void told.push(`logged ${step}`),
      onStepEnd: (step) => void told.push(`ended ${step}`),
      onCheckpoint: ({ step }) => void told.push(`saved ${step}`),
    });
    assert.equal(
      told,
      [1, 2].flatMap((step) => [`logged ${step}`, "checkpoint", `ended ${step}`, "checkpoint", `saved ${step}`]),
    );
    training.dispose();
  });
  test("sums itself up", async () => {
    const training = makeTraining(device, { steps: 7 });
    const summary = await train(training.input);
    assert.is(summary.step, 7);
    assert.is(summary.rows, 7 * batchSize);
    assert.is(summary.interrupted, false);
    assert.ok(summary.stepMs !== undefined && summary.stepMs > 0);
    assert.ok(summary.peakMemoryBytes > 1e7);
    training.dispose();
  });
  test("keeps no tensor from one step to the next", async () => {
    const training = makeTraining(device, { steps: 8 });
    const counts: number[] = [];
    await train({
      ...training.input,
      config: { ...training.input.config, logEvery: 1 },
      onStep: () => void counts.push(numTensors(device.tf)),
    });
    assert.equal(new Set(counts.slice(1)).size, 1, counts.join());
    training.dispose();
  });
  test("frees everything once model and optimizer are disposed", async () => {
    const before = numTensors(device.tf);
    const training = makeTraining(device, { steps: 3 });
    await train(training.input);
    training.dispose();
    assert.is(numTensors(device.tf), before);
  });
  test("gives the same numbers twice, and others for another seed", async () => {
    const results: Record<string, Float32Array>[] = [];
    for (const seed of [1, 1, 2]) {
      const training = makeTraining(device, { seed });
      await train(training.input);
      results.push(parameterValues(training.model));
      training.dispose();
    }
    assert.equal(results[0], results[1]);
    assert.not.equal(results[0], results[2]);
  });
  test("keeps a shared router bias equal to the decoder's bias", async () => {
    const training = makeTraining(device);
    await train(training.input);
    const values = parameterValues(training.model);
    assert.equal(values["router.input_bias"], values["decoder_bias"]);
    training.dispose();
  });
  test("stops after the step in progress when told, with a checkpoint, and says so", async () => {
    const training = makeTraining(device);
    const stop = new AbortController();
    const saved: number[] = [];
    const summary = await train({
      ...training.input,
      config: { ...training.input.config, logEvery: 1 },
      signal: stop.signal,
      onStep: ({ step }) => {
        if (step === 3) stop.abort();
      },
      onCheckpoint: ({ step }) => void saved.push(step),
    });
    assert.equal(saved, [3]);
    assert.is(summary.step, 3);
    assert.is(summary.interrupted, true);
    training.dispose();
  });
  test("sees a signal that arrives through the event loop", async () => {
    const training = makeTraining(device, { steps: 100_000 });
    const stop = new AbortController();
    setTimeout(() => {
      stop.abort();
    }, 50);
    const summary = await train({ ...training.input, signal: stop.signal });
    assert.is(summary.interrupted, true);
    assert.ok(summary.step > 0 && summary.step < 100_000);
    training.dispose();
  });
  test("does nothing when already told to stop", async () => {
    const training = makeTraining(device);
    const saved: number[] = [];
    const summary = await train({
      ...training.input,
      signal: AbortSignal.abort(),
      onCheckpoint: () => void saved.push(1),
    });
    assert.equal([summary.step, summary.interrupted, summary.stepMs, saved.length], [0, true, undefined, 0]);
    training.dispose();
  });
  test("fails with the step and advice when a diverged router makes a kernel refuse its gates", async () => {
    const training = makeTraining(device, { steps: 5 });
    let calls = 0;
    const model = {
      ...training.model,
      forward: (acts_BD: tensorflow.Tensor2D) => {
        calls += 1;
        if (calls === 3)
          throw new KernelError("KERNEL_VALUE_RANGE", "A value is negative.", { where: "encodeTopK: gates_BR" });
        return training.model.forward(acts_BD);
      },
    };
    try {
      await train({ ...training.input, model });
      assert.unreachable();
    } catch (error) {
      const { code, where, next } = error as SwitchyardError;
      assert.is(code, "LOSS_NOT_FINITE");
      assert.match(where ?? "", "step 3, encodeTopK: gates_BR");
      assert.match(next ?? "", "learningRate");
    }
    training.dispose();
  });
  test("fails on an infinite loss with the step, before any parameter changes", async () => {
    // Rows of 1e25 overflow when squared; they come after good ones.
    const rows = normalRows(64, width);
    const good = makeTraining(device, { rows });
    const training = makeTraining(device, { rows });
    let served = 0;
    const values: unknown[] = [];
    const stream: TrainingInput["stream"] = {
      next: async (count, into) => {
        await good.input.stream.next(count, into);
        served += 1;
        values.push(parameterValues(training.model));
        if (served === 3) into.fill(1e25);
      },
    };
    try {
      await train({ ...training.input, stream });
      assert.unreachable();
    } catch (error) {
      const { code, where, received, next } = error as SwitchyardError;
      assert.is(code, "LOSS_NOT_FINITE");
      assert.is(where, "step 3");
      assert.match(received!, /^loss Infinity \(reconstruction Infinity, load-balance /);
      assert.match(next!, "learningRate");
    }
    const after = parameterValues(training.model);
    for (const [name, kept] of Object.entries(values.at(-1) as Record<string, Float32Array>)) {
      // The decoder is renormalised before the forward pass.
      if (name !== "decoder") assert.equal(after[name], kept, name);
    }
    good.dispose();
    training.dispose();
  });
  test("passes on what the stream throws, with everything disposable", async () => {
    const before = numTensors(device.tf);
    const training = makeTraining(device);
    const stream = { next: () => Promise.reject(new Error("the disk is gone")) };
    try {
      await train({ ...training.input, stream });
      assert.unreachable();
    } catch (error) {
      assert.is((error as Error).message, "the disk is gone");
    }
    training.dispose();
    assert.is(numTensors(device.tf), before);
  });
  test("records how many features are dead, as the buffer has them after the step", async () => {
    const training = makeTraining(device, {
      ...{ steps: 12, features: 64 },
      config: { logEvery: 1, deadAfterRows: 3 * batchSize },
    });
    const counted: number[] = [];
    const records: StepRecord[] = [];
    await train({
      ...training.input,
      onStep: (record) => {
        records.push(record);
        const since = training.model.parameters.get("steps_since_active").dataSync();
        counted.push([...since].filter((steps) => steps >= 3).length);
      },
    });
    assert.equal(
      records.map(({ deadFeatures }) => deadFeatures),
      counted,
    );
    assert.equal(counted.slice(0, 2), [0, 0]);
    assert.ok(counted.some((count) => count > 0));
    training.dispose();
  });
  test("writes the buffers that an expert changes, from the code that the step saw", async () => {
    const training = makeTraining(device, {
      steps: 6,
      expert: { type: "batch-top-k", k: 2, thresholdStartStep: 2, thresholdBeta: 0 },
      config: { logEvery: 1 },
    });
    const thresholds: number[] = [];
    await train({
      ...training.input,
      onStep: () => {
        thresholds.push(training.model.parameters.get("expert.inference_threshold").dataSync()[0]!);
      },
    });
    assert.equal(thresholds.slice(0, 3), [-1, -1, -1]);
    assert.ok(thresholds.slice(3).every((threshold) => threshold > 0));
    assert.is(new Set(thresholds.slice(3)).size, 3);
    training.dispose();
  });
  test("brings dead features back by resampling, and frees what that takes", async () => {
    const settings = { steps: 9, features: 64 };
    const config = { logEvery: 1, deadAfterRows: 3 * batchSize };
    const [plain, resampled] = [config, { ...config, resampleEvery: 4 }].map((given) =>
      makeTraining(device, { ...settings, config: given }),
    );
    const [without, withIt] = [await collect(plain!.input), await collect(resampled!.input)];
    assert.ok(without[3]!.deadFeatures! > 0);
    assert.equal(
      withIt.slice(0, 4).map(({ deadFeatures }) => deadFeatures),
      without.slice(0, 4).map(({ deadFeatures }) => deadFeatures),
    );
    // Given a new start after step 4, none can be dead before step 7.
    assert.is(withIt[4]!.deadFeatures! < without[4]!.deadFeatures!, true);
    assert.not.equal(parameterValues(resampled!.model)["decoder"], parameterValues(plain!.model)["decoder"]);
    plain!.dispose();
    resampled!.dispose();
  });
});
