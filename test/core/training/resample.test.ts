import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import type { SparseAutoencoder } from "../../../core/model/sparse-autoencoder.ts";
import type { Optimizer } from "../../../core/training/contracts.ts";
import { isResampledAfter, resampleDeadFeatures } from "../../../core/training/resample.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { adam } from "../../../plugins/optimizer/adam.ts";
import { buildPlugin } from "../model/build-plugin.ts";
import { makeModel, normalRows, setParameter } from "../model/make-model.ts";
import type { ModelChoice } from "../model/make-model.ts";
import { suite } from "../../suite.ts";
import { everyValue } from "./make-training.ts";

const width = 5;
const features = 24;
const rows = 32;
const window = 4;
const batch_BD = normalRows(rows, width, 11);

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, d) => sum + value * b[d]!, 0);
const norm = (row: readonly number[]): number => Math.sqrt(dot(row, row));
const rowsOf = (flat: ArrayLike<number>, size = width): number[][] =>
  Array.from({ length: flat.length / size }, (_unused, i) =>
    Array.from({ length: size }, (_d, d) => flat[i * size + d]!),
  );

suite("resampling of dead features", (test, hooks) => {
  let device: Device;
  let tf: typeof tensorflow;
  hooks.before(async () => {
    device = await wasmDevice.open();
    ({ tf } = device);
  });

  interface Setting {
    readonly model: SparseAutoencoder;
    readonly optimizer: Optimizer;
    resample(step?: number, seed?: number, batch?: Float32Array): Promise<readonly number[]>;
    dispose(): void;
  }
  /** A model with these features dead, and an optimizer that remembers 1 everywhere. */
  const make = (dead: readonly number[], choice: Partial<ModelChoice> = {}): Setting => {
    const model = makeModel({
      ...{ tf, kernels: device.kernels, width, features, seed: 2 },
      router: { type: "switch", experts: 4 },
      expert: { type: "top-k", k: 2 },
      ...choice,
      dictionary: { encoderBias: true, ...choice.dictionary },
    });
    model.initialiseFromRows(batch_BD);
    setParameter(
      tf,
      model,
      "encoder_bias",
      Array.from({ length: features }, (_unused, f) => f / 100),
    );
    const since = Array.from({ length: features }, (_unused, f) => (dead.includes(f) ? window + (f % 3) : f % window));
    setParameter(tf, model, "steps_since_active", since);
    const optimizer = buildPlugin(adam, { type: "adam" }, { ...device }).instance;
    optimizer.initialise(model.parameters);
    const ones = [...optimizer.state()].map(([name, moment]) => [name, tf.onesLike(moment)] as const);
    optimizer.restore(new Map(ones));
    return {
      model,
      optimizer,
      resample: (step = 7, seed = 3, batch = batch_BD) =>
        resampleDeadFeatures({
          ...{ tf, model, optimizer, batch_BD: batch, deadAfterSteps: window, seed },
          training: { step, totalSteps: 100 },
        }),
      dispose: () => {
        model.parameters.dispose();
        optimizer.dispose();
      },
    };
  };
  const dead = [1, 6, 7, 13, 22];
  const decoderRows = (model: SparseAutoencoder): number[][] => rowsOf(model.parameters.get("decoder").dataSync());

  test("happens every so many steps, until a fraction of all", () => {
    const config = { steps: 100, resampleEvery: 10, resampleUntil: 0.5 };
    const done = Array.from({ length: 100 }, (_unused, i) => i + 1).filter((step) => isResampledAfter(config, step));
    assert.equal(done, [10, 20, 30, 40, 50]);
    assert.is(isResampledAfter({ steps: 100, resampleEvery: null }, 10), false);
    assert.is(isResampledAfter({ steps: 100 }, 10), false);
    assert.is(isResampledAfter({ steps: 100, resampleEvery: 50 }, 100), true);
  });
  test("points a dead feature at a row that its expert sees, from the decoder's bias", async () => {
    const setting = make(dead);
    const { model } = setting;
    const bias = [...model.parameters.get("decoder_bias").dataSync()];
    const directions = rowsOf(batch_BD).map((row) => {
      const centred = row.map((value, d) => value - bias[d]!);
      return centred.map((value) => value / norm(centred));
    });
    const experts = tf.tidy(() => [
      ...model.forward(tf.tensor2d(batch_BD.slice(), [rows, width])).routing.expertIndices_BR.dataSync(),
    ]);
    const before = decoderRows(model);
    assert.equal(await setting.resample(), dead);
    const after = decoderRows(model);
    for (const f of Array.from({ length: features }).keys()) {
      if (!dead.includes(f)) {
        assert.equal(after[f], before[f], `living feature ${f}`);
        continue;
      }
      assert.ok(Math.abs(norm(after[f]!) - 1) < 1e-6);
      const rowsOfExpert = [...directions.keys()].filter((b) => experts[b] === Math.floor(f / 6));
      assert.ok(rowsOfExpert.length > 0 && rowsOfExpert.length < rows);
      const nearest = Math.max(...rowsOfExpert.map((b) => dot(directions[b]!, after[f]!)));
      assert.ok(nearest > 1 - 1e-6, `feature ${f} points at no row of its expert: ${nearest}`);
    }
    setting.dispose();
  });
  test("sets its encoder to a fifth of the mean living norm, its bias and its silence to 0", async () => {
    const setting = make(dead);
    const { model } = setting;
    const before = everyValue(model);
    await setting.resample();
    const after = everyValue(model);
    const living = rowsOf(before["encoder"]!).filter((_row, f) => !dead.includes(f));
    const length = 0.2 * (living.map(norm).reduce((sum, value) => sum + value, 0) / living.length);
    const encoder = rowsOf(after["encoder"]!);
    for (const f of dead) {
      const expected = decoderRows(model)[f]!.map((value) => value * length);
      for (const [d, value] of expected.entries()) assert.ok(Math.abs(encoder[f]![d]! - value) < 1e-6);
      assert.is(after["encoder_bias"]![f], 0);
      assert.is(after["steps_since_active"]![f], 0);
    }
    for (const name of ["encoder_bias", "steps_since_active"]) {
      for (const [f, value] of before[name]!.entries()) if (!dead.includes(f)) assert.is(after[name]![f], value);
    }
    for (const name of ["decoder_bias", "router.weight"]) assert.equal(after[name], before[name]);
    setting.dispose();
  });
  test("makes the optimizer forget those features and nothing else", async () => {
    const setting = make(dead);
    await setting.resample();
    for (const [name, moment] of setting.optimizer.state()) {
      const isOfFeatures = /^(?:encoder|encoder_bias|decoder)\./.test(name);
      const size = isOfFeatures ? moment.size / features : moment.size;
      for (const [f, row] of rowsOf(moment.dataSync(), size).entries()) {
        const expected = isOfFeatures && dead.includes(f) ? 0 : 1;
        assert.equal(row, new Array<number>(size).fill(expected), `${name} ${f}`);
      }
    }
    setting.dispose();
  });
  test("draws rows in proportion to the square of their squared error", async () => {
    // One expert, no feature fires: the error of a row is its distance from the decoder's bias, which is zero.
    const choice: Partial<ModelChoice> = {
      features: 3000,
      router: { type: "none" },
      dictionary: { decoderBias: "zeros" },
    };
    const model = makeModel({
      ...{ tf, kernels: device.kernels, width: 3, features: 3000, expert: { type: "relu" }, router: { type: "none" } },
      ...choice,
    });
    setParameter(tf, model, "encoder", new Float32Array(9000));
    setParameter(tf, model, "steps_since_active", new Float32Array(3000).fill(9));
    const optimizer = buildPlugin(adam, { type: "adam" }, { ...device }).instance;
    optimizer.initialise(model.parameters);
    const axes = Float32Array.from([1, 0, 0, 0, 2, 0, 0, 0, Math.sqrt(2)]);
    await resampleDeadFeatures({
      ...{ tf, model, optimizer, batch_BD: axes, deadAfterSteps: 9, seed: 1 },
      training: { step: 0, totalSteps: 1 },
    });
    const counts = [0, 0, 0];
    for (const row of rowsOf(model.parameters.get("decoder").dataSync(), 3)) counts[row.indexOf(1)]! += 1;
    // Weights 1, 16 and 4 of 21; the standard deviation of a share is below 0.008.
    for (const [axis, weight] of [1, 16, 4].entries()) {
      assert.ok(Math.abs(counts[axis]! / 3000 - weight / 21) < 0.03, counts.join());
    }
    // No feature lives: encoder rows are a fifth long.
    const [first] = rowsOf(model.parameters.get("encoder").dataSync(), 3);
    assert.ok(Math.abs(norm(first!) - 0.2) < 1e-6);
    model.parameters.dispose();
    optimizer.dispose();
  });
  test("takes any row for an expert that sees none", async () => {
    const setting = make([0, 6, 12, 18]);
    const one = batch_BD.slice(0, width);
    assert.equal(await setting.resample(7, 3, one), [0, 6, 12, 18]);
    const [a, ...others] = [0, 6, 12, 18].map((f) => decoderRows(setting.model)[f]);
    for (const other of others) assert.equal(other, a);
    setting.dispose();
  });
  test("starts the expert's own numbers for the feature anew", async () => {
    for (const [expert, name, start] of [
      [{ type: "gated" }, "expert.gate_bias", 0],
      [{ type: "jump-relu", threshold: 0.25 }, "expert.threshold", 0.25],
    ] as const) {
      const setting = make(dead, { expert });
      setParameter(tf, setting.model, name, new Float32Array(features).fill(-5));
      await setting.resample();
      const expected = Float32Array.from({ length: features }, (_unused, f) => (dead.includes(f) ? start : -5));
      assert.equal(setting.model.parameters.get(name).dataSync(), expected, name);
      const moment = setting.optimizer.state().get(`${name}.first`)!;
      assert.equal(
        [...moment.dataSync()],
        Array.from({ length: features }, (_unused, f) => (dead.includes(f) ? 0 : 1)),
      );
      setting.dispose();
    }
  });
  test("draws the same for a seed and a step, and otherwise something else", async () => {
    const results = [];
    for (const [step, seed] of [
      [7, 3],
      [7, 3],
      [8, 3],
      [7, 4],
    ] as const) {
      const setting = make(dead);
      await setting.resample(step, seed);
      results.push(decoderRows(setting.model));
      setting.dispose();
    }
    assert.equal(results[1], results[0]);
    assert.not.equal(results[2], results[0]);
    assert.not.equal(results[3], results[0]);
  });
  test("does nothing where no feature is dead, and leaves no tensor behind", async () => {
    const alive = make([]);
    const before = everyValue(alive.model);
    assert.equal(await alive.resample(), []);
    assert.equal(everyValue(alive.model), before);
    alive.dispose();
    const setting = make(dead);
    const held = tf.memory().numTensors;
    await setting.resample();
    assert.is(tf.memory().numTensors, held);
    setting.dispose();
  });
  test("needs an optimizer that can forget", async () => {
    const setting = make(dead);
    const stubborn = { ...setting.optimizer };
    delete stubborn.forget;
    try {
      await resampleDeadFeatures({
        ...{ tf, model: setting.model, optimizer: stubborn, batch_BD, deadAfterSteps: window, seed: 1 },
        training: { step: 0, totalSteps: 1 },
      });
      assert.unreachable();
    } catch (error) {
      assert.is((error as SwitchyardError).code, "OPTIMIZER_CANNOT_FORGET");
      assert.match((error as SwitchyardError).next ?? "", "adam");
    }
    setting.dispose();
  });
});
