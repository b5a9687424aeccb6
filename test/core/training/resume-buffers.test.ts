/**
 * A run whose features die, are resampled and are helped by aux-k, with a threshold that is estimated: killed and
 * resumed at every step it ends with the same bits as one that was not.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { loadCheckpoint, saveCheckpoint } from "../../../core/training/checkpoint.ts";
import type { StepRecord } from "../../../core/training/contracts.ts";
import { train } from "../../../core/training/train.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { nativeDevice } from "../../../kernels/devices/native.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { suite } from "../../suite.ts";
import { batchSize, everyValue, makeTraining } from "./make-training.ts";
import type { Training, TrainingChoice } from "./make-training.ts";

const steps = 24;
const settings: Readonly<Record<string, TrainingChoice>> = {
  "batch-top-k": { expert: { type: "batch-top-k", k: 2, thresholdStartStep: 5, thresholdBeta: 0.9 } },
  "batch-top-k, annealed": { expert: { type: "batch-top-k", k: 2, annealSteps: 10, annealFrom: 4 } },
  "top-k with a threshold, activations scaled": {
    expert: { type: "top-k", k: 2, threshold: "use", thresholdStartStep: 3 },
    dictionary: { normaliseActivations: "expected-average-norm" },
  },
  gated: {
    expert: { type: "gated" },
    losses: [
      { type: "reconstruction" },
      { type: "aux-k", weight: 0.5, k: 4 },
      { type: "l1", weight: 0.5 },
      { type: "gate-reconstruction" },
    ],
  },
};

for (const provider of [wasmDevice, nativeDevice({ threads: 2 })]) {
  suite(`resuming with buffers on ${provider.name}`, (test, hooks) => {
    let device: Device;
    let folder: string;
    hooks.before(async () => {
      device = await provider.open();
      folder = await mkdtemp(join(tmpdir(), "switchyard-resume-"));
    });
    hooks.after(() => rm(folder, { recursive: true, force: true }));

    const make = (choice: TrainingChoice, startRow = 0): Training =>
      makeTraining(device, {
        ...{ steps, startRow, features: 64 },
        losses: [
          { type: "reconstruction" },
          { type: "load-balance", weight: 0.1 },
          { type: "aux-k", weight: 0.5, k: 4 },
        ],
        ...choice,
        config: {
          ...{ checkpointEvery: 1, logEvery: 1, gradientClip: 0.5 },
          ...{ deadAfterRows: 3 * batchSize, resampleEvery: 8, resampleUntil: 0.8 },
        },
      });
    for (const [name, choice] of Object.entries(settings)) {
      test(
        `goes on to the same bits from any step, ${name}`,
        async () => {
          const whole = make(choice);
          const records: StepRecord[] = [];
          const file = (step: number): string =>
            join(folder, `${name.replaceAll(/[^a-z]+/g, "-")}-${step}.safetensors`);
          await train({
            ...whole.input,
            onStep: (record) => void records.push(record),
            onCheckpoint: (state) => saveCheckpoint(file(state.step), state),
          });
          const expected = everyValue(whole.model);
          whole.dispose();
          // What is to be restored has to have happened.
          assert.ok(
            records.some(({ deadFeatures }) => deadFeatures! > 0),
            "some feature dies",
          );
          assert.ok(
            records.some(({ losses }) => losses["aux-k"]! > 0),
            "aux-k has something to do",
          );
          assert.ok(expected["steps_since_active"]!.some((since) => since > 0));
          for (const step of [1, 3, 8, 17, 23]) {
            const resumed = make(choice, step * batchSize);
            const resumeFrom = await loadCheckpoint(file(step), { parameters: resumed.model.parameters });
            const again: StepRecord[] = [];
            await train({ ...resumed.input, resumeFrom, onStep: (record) => void again.push(record) });
            for (const [i, record] of again.entries()) {
              const expectedRecord = { ...records[step + i]!, stepMs: record.stepMs };
              assert.equal(record, expectedRecord, `step ${step + i + 1}, resumed after ${step}`);
            }
            const values = everyValue(resumed.model);
            for (const [parameter, kept] of Object.entries(expected)) {
              assert.equal(values[parameter], kept, `${parameter}, resumed after ${step}`);
            }
            resumed.dispose();
          }
        },
        { timeoutMs: 60_000 },
      );
    }
  });
}
