import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { readSafetensors, writeSafetensors } from "../../../core/data/safetensors.ts";
import type { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { loadCheckpoint, restoreParameters, saveCheckpoint } from "../../../core/training/checkpoint.ts";
import { train } from "../../../core/training/train.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import { nativeDevice } from "../../../kernels/devices/native.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { suite } from "../../suite.ts";
import { batchSize, makeTraining, parameterValues } from "./make-training.ts";
import type { TrainingChoice } from "./make-training.ts";

let folder = "";
const fileOf = (name: string): string => join(folder, `${name}.safetensors`);

/** Trains to the end, writing every checkpoint under a name. */
async function trainTo(device: Device, name: string, choice: TrainingChoice & { from?: string } = {}): Promise<string> {
  const training = makeTraining(device, choice);
  const { parameters } = training.model;
  const resumeFrom =
    choice.from === undefined
      ? undefined
      : await loadCheckpoint(choice.from, { parameters, seed: choice.seed ?? 0, batchSize });
  let last = "";
  await train({
    ...training.input,
    resumeFrom,
    onCheckpoint: async (state) => {
      last = fileOf(`${name}-${state.step}`);
      await saveCheckpoint(last, state);
    },
  });
  training.dispose();
  return last;
}

const routed = ["switch", "top-e", "noisy-top-e", "stochastic", "random", "hash"];
const native = nativeDevice({ threads: 2 });
const nativeMissing = await native.unavailableReason();

for (const provider of [cpuDevice, wasmDevice, ...(nativeMissing === undefined ? [native] : [])]) {
  suite(`resuming on ${provider.name}`, (test, hooks) => {
    let device: Device;
    hooks.before(async () => {
      device = await provider.open();
      folder = await mkdtemp(join(tmpdir(), "switchyard-checkpoints-"));
    });
    hooks.after(async () => {
      await rm(folder, { recursive: true });
    });
    test(
      "20 steps give the same bytes as 10, a checkpoint, and 10 more in a new model",
      async () => {
        for (const router of [{ type: "none" }, ...routed.map((type) => ({ type, experts: 4 }))]) {
          device.setThreads?.(2);
          const whole = await trainTo(device, "whole", { router });
          // A resumed run may have another share of the machine.
          device.setThreads?.(3);
          const resumed = await trainTo(device, "resumed", {
            router,
            from: fileOf("whole-10"),
            startRow: 10 * batchSize,
          });
          assert.ok((await readFile(whole)).equals(await readFile(resumed)), router.type);
        }
      },
      { timeoutMs: 60_000 },
    );
    test("other data after the resume gives other bytes", async () => {
      const whole = await trainTo(device, "whole");
      const misplaced = await trainTo(device, "misplaced", { from: fileOf("whole-10"), startRow: 0 });
      assert.not.ok((await readFile(whole)).equals(await readFile(misplaced)));
    });
  });
}

suite("checkpoints", (test, hooks) => {
  let device: Device;
  hooks.before(async () => {
    device = await wasmDevice.open();
    folder = await mkdtemp(join(tmpdir(), "switchyard-checkpoints-"));
  });
  hooks.after(async () => {
    await rm(folder, { recursive: true });
  });
  const fails = async (file: string, code: string, choice: TrainingChoice = {}, seed = 0): Promise<SwitchyardError> => {
    const training = makeTraining(device, choice);
    try {
      await loadCheckpoint(file, { parameters: training.model.parameters, seed, batchSize });
    } catch (error) {
      assert.is((error as SwitchyardError).code, code);
      assert.is((error as SwitchyardError).where, file);
      return error as SwitchyardError;
    } finally {
      training.dispose();
    }
    throw new Error(`${file} was accepted`);
  };

  test("hold parameters, optimizer state, step, rows, seed and batch size", async () => {
    const file = await trainTo(device, "content", { seed: 5 });
    const { tensors, metadata } = await readSafetensors(file);
    const parameters = ["encoder", "encoder_bias", "decoder", "decoder_bias", "router.weight", "router.input_bias"];
    const state = parameters.flatMap((name) => [`optimizer.${name}.first`, `optimizer.${name}.second`]);
    assert.equal([...tensors.keys()].sort(), [...parameters, ...state, "steps_since_active"].sort());
    const numbers = { step: "20", rows: String(20 * batchSize), seed: "5", batchSize: String(batchSize) };
    assert.equal(metadata, { format: "switchyard-checkpoint", version: "2", ...numbers });
  });
  test("give a model its parameters back", async () => {
    const file = await trainTo(device, "restore");
    const training = makeTraining(device, { seed: 9 });
    const { parameters } = training.model;
    const checkpoint = await loadCheckpoint(file, { parameters });
    assert.is(checkpoint.step, 20);
    await restoreParameters(device.tf, parameters, checkpoint);
    const { tensors } = await readSafetensors(file);
    for (const [name, values] of Object.entries(parameterValues(training.model))) {
      assert.equal(values, tensors.get(name)!.data, name);
    }
    training.dispose();
  });
  test("of a finished run resume to nothing more to do", async () => {
    const file = await trainTo(device, "finished");
    const training = makeTraining(device);
    const resumeFrom = await loadCheckpoint(file, { parameters: training.model.parameters });
    const summary = await train({ ...training.input, resumeFrom });
    assert.equal([summary.step, summary.interrupted, summary.stepMs], [20, false, undefined]);
    training.dispose();
  });
  test("of another architecture are refused, naming what differs", async () => {
    const file = await trainTo(device, "architecture");
    const error = await fails(file, "CHECKPOINT_OTHER_ARCHITECTURE", { router: { type: "none" }, features: 16 });
    assert.match(error.expected!, "encoder [16, 8]");
    assert.match(error.expected!, "router.weight absent");
    assert.match(error.received!, "encoder [32, 8]");
    assert.match(error.received!, "router.weight [4, 8]");
    assert.not.match(error.expected!, "decoder_bias");
  });
  test("of another seed or batch size are refused", async () => {
    const file = await trainTo(device, "seed");
    const error = await fails(file, "CHECKPOINT_OTHER_RUN", {}, 3);
    assert.equal([error.expected, error.received], ["seed 3", "seed 0"]);
  });
  test("that were cut off are refused with what to do", async () => {
    const file = await trainTo(device, "truncated");
    const { length } = await readFile(file);
    for (const size of [length - 1, Math.floor(length / 2), 100, 3, 0]) {
      await truncate(file, size);
      const error = await fails(file, "CHECKPOINT_UNREADABLE");
      assert.match(error.next!, "delete the file");
    }
  });
  test("that are something else are refused", async () => {
    await writeFile(fileOf("text"), "this is not a checkpoint, but long enough to be read as one");
    await fails(fileOf("text"), "CHECKPOINT_UNREADABLE");
    await fails(fileOf("absent"), "FILE_MISSING");
    await writeSafetensors(fileOf("weights"), { encoder: { shape: [1], data: new Float32Array(1) } }, { format: "pt" });
    await fails(fileOf("weights"), "CHECKPOINT_NOT_RECOGNISED");
  });
  test("of another version, or without a step, are refused", async () => {
    const { tensors, metadata } = await readSafetensors(await trainTo(device, "version"));
    await writeSafetensors(fileOf("version"), tensors, { ...metadata, version: "1" });
    assert.is((await fails(fileOf("version"), "CHECKPOINT_OTHER_VERSION")).received, "version 1");
    await writeSafetensors(fileOf("stepless"), tensors, { ...metadata, step: "many" });
    assert.is((await fails(fileOf("stepless"), "CHECKPOINT_NOT_RECOGNISED")).received, "many");
  });
  test("of another optimizer are refused when resuming", async () => {
    const file = await trainTo(device, "optimizer");
    const { tensors, metadata } = await readSafetensors(file);
    const kept = [...tensors].filter(([name]) => name !== "optimizer.encoder.second");
    await writeSafetensors(file, new Map(kept), metadata);
    const training = makeTraining(device);
    const resumeFrom = await loadCheckpoint(file, { parameters: training.model.parameters });
    try {
      await train({ ...training.input, resumeFrom });
      assert.unreachable();
    } catch (error) {
      assert.is((error as SwitchyardError).code, "OPTIMIZER_STATE_MISMATCH");
    }
    training.dispose();
  });
});
