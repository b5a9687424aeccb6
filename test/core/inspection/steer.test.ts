import * as assert from "uvu/assert";
import { continueText } from "../../../core/inspection/continue-text.ts";
import { featureDirection, steeringSplice } from "../../../core/inspection/feature-direction.ts";
import { requireInspection, steer, steeredPositions } from "../../../core/inspection/steer.ts";
import type { SteerInput } from "../../../core/inspection/steer.ts";
import type { LanguageModelInspection } from "../../../core/data/contracts.ts";
import type { TrainedRun } from "../../../core/run/open-trained-run.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { suite } from "../../suite.ts";
import { rejectsWith, throwsWith } from "../data/expect-error.ts";
import { near } from "../evaluation/fixtures.ts";
import { referencePass } from "../language-model/gpt2-reference.ts";
import { hookPoint, makeTrainedRun } from "./fixtures.ts";
import type { MadeRun } from "./fixtures.ts";

const prompt = [3, 1, 4, 1, 5];
let device: Device;

/** A run whose tokens are numbers: "3 1 4" is three tokens. */
function readable(made: MadeRun): TrainedRun {
  const inner = requireInspection(made.run);
  const inspection: LanguageModelInspection = {
    ...inner,
    encode: (text) =>
      Promise.resolve(
        Int32Array.from(
          text.split(" ").filter((word) => word !== ""),
          Number,
        ),
      ),
    decode: (ids) => Promise.resolve(ids.join(" ")),
  };
  return { ...made.run, source: { ...made.run.source, inspection } };
}

/** Next-token log-probabilities [V] in float64, with the decoder row added at some positions. */
function reference(made: MadeRun, ids: readonly number[], added: readonly number[], positions: readonly number[]) {
  const { logits } = referencePass(made.gpt2.config, made.gpt2.tensors, ids, (point, rows) =>
    point === hookPoint
      ? rows.map((row, t) => (positions.includes(t) ? row.map((value, d) => value + added[d]!) : row))
      : rows,
  );
  const last = logits.at(-1)!;
  const total = last.reduce((sum, logit) => sum + Math.exp(logit), 0);
  return { logits: last, logs: last.map((logit) => logit - Math.log(total)) };
}

function inputOf(made: MadeRun, change: Partial<SteerInput> = {}): SteerInput {
  return {
    ...{ run: readable(made), feature: 7, strength: 2.5, prompt: prompt.join(" "), positions: "all", tokens: 4 },
    ...change,
  };
}

suite("steering", (test, hooks) => {
  hooks.before(async () => {
    device = await wasmDevice.open();
  });

  test("gives the reference's distributions, divergence and logit changes, at all positions and at the last", async () => {
    const made = await makeTrainedRun(device);
    const added = made.decoder[7]!.map((value) => 2.5 * value);
    for (const [positions, steered] of [
      ["all", [1, 2, 4]],
      ["last", [4]],
    ] as const) {
      const result = await steer(inputOf(made, { positions }));
      assert.equal(result.steered, steered);
      const before = reference(made, prompt, added, []);
      const after = reference(made, prompt, added, steered);
      const kl = before.logs.reduce((sum, log, v) => sum + Math.exp(log) * (log - after.logs[v]!), 0);
      assert.ok(kl > 1e-3, "the steering does something");
      near(result.kl, kl, 1e-4);
      const change = after.logits.map((logit, v) => logit - before.logits[v]!);
      const level = change.reduce((sum, value) => sum + value, 0) / change.length;
      const order = (values: readonly number[]): readonly number[] =>
        values
          .map((value, v) => ({ value, v }))
          .sort((a, b) => b.value - a.value)
          .slice(0, 4)
          .map(({ v }) => v);
      assert.equal(
        result.before.map(({ id }) => id),
        order(before.logs),
      );
      assert.equal(
        result.after.map(({ id }) => id),
        order(after.logs),
      );
      assert.equal(
        result.risen.map(({ id }) => id),
        order(change),
      );
      assert.equal(
        result.fallen.map(({ id }) => id),
        order(change.map((value) => -value)),
      );
      for (const list of [result.before, result.after, result.risen, result.fallen]) {
        for (const { id, token, before: was, after: is, logitChange } of list) {
          assert.is(token, `<${id}>`);
          near(was, Math.exp(before.logs[id]!), 1e-5);
          near(is, Math.exp(after.logs[id]!), 1e-5);
          near(logitChange, change[id]! - level, 1e-4);
        }
      }
    }
  });

  test("with a strength of zero nothing changes", async () => {
    const made = await makeTrainedRun(device);
    const { kl, before, after } = await steer(inputOf(made, { strength: 0 }));
    near(kl, 0, 1e-7);
    assert.equal(after, before);
  });

  test("goes on greedily as the reference does, with the feature at every new position too", async () => {
    const made = await makeTrainedRun(device);
    for (const positions of ["all", "last"] as const) {
      const { continuations } = await steer(
        inputOf(made, { strength: 6, positions, continuation: { tokens: 5, temperature: 0, seed: 0 } }),
      );
      const added = made.decoder[7]!.map((value) => 6 * value);
      const continued = (isSteered: boolean): string => {
        const ids = [...prompt];
        for (let i = 0; i < 5; i++) {
          const all = ids.map((_id, t) => t).filter((t) => t !== 0 && t !== 3);
          const where = positions === "last" ? [4] : all;
          const { logits } = reference(made, ids, added, isSteered ? where : []);
          ids.push(logits.indexOf(Math.max(...logits)));
        }
        return ids.slice(prompt.length).join(" ");
      };
      assert.is(continuations?.before, continued(false));
      assert.is(continuations?.after, continued(true));
    }
  });

  test("draws the same text from the same seed, in the model's proportions", async () => {
    // Two tokens, three to one, whatever came before.
    const inspection: LanguageModelInspection = {
      ...requireInspection((await makeTrainedRun(device)).run),
      maxPositions: 4000,
      nextToken: () => Promise.resolve({ logits_V: Float32Array.of(Math.log(3), 0), finalScale: 1 }),
    };
    const shared = { inspection, ids: Int32Array.of(0), splice: { kind: "original" as const } };
    const draw = async (seed: number, temperature: number): Promise<Int32Array> =>
      continueText({ ...shared, positionsOf: () => new Int32Array(0), tokens: 2000, temperature, seed });
    const [first, again, other] = [await draw(1, 1), await draw(1, 1), await draw(2, 1)];
    assert.equal(again, first);
    assert.not.equal(other, first);
    const share = (tokens: Int32Array): number => tokens.filter((token) => token === 0).length / tokens.length;
    near(share(first), 0.75, 0.04);
    // Half the temperature squares the odds: 9 to 1.
    near(share(await draw(3, 0.5)), 0.9, 0.03);
    assert.is(share(await draw(3, 0)), 1);
  });

  test("a model that sees its activations scaled is steered in their own scale", async () => {
    const made = await makeTrainedRun(device);
    const { model, tf } = made.run;
    const scale = tf.variable(tf.scalar(4), false);
    const parameters = {
      ...model.parameters,
      get: (name: string) => (name === "activation_scale" ? scale : model.parameters.get(name)),
      has: (name: string) => name === "activation_scale" || model.parameters.has(name),
    };
    const { values_D } = await featureDirection({ ...made.run, model: { ...model, parameters } }, 7);
    for (const [d, value] of values_D.entries()) near(value, made.decoder[7]![d]! / 4, 1e-6);
  });

  test("a model that normalises every row is steered by every row's deviation", async () => {
    const made = await makeTrainedRun(device);
    const config = {
      ...made.run.config,
      model: { ...made.run.config.model, normaliseActivations: "layer-norm" as const },
    };
    const direction = await featureDirection({ ...made.run, config }, 7);
    assert.is(direction.perDeviation, true);
    const steering = steeringSplice(device.tf, direction, 2);
    const { splice } = steering;
    assert.is(splice.kind, "replace");
    if (splice.kind !== "replace") return;
    const rows = [made.rows[0]!, made.rows[1]!];
    const steered = splice.replace(device.tf.tensor2d(rows.map((row) => [...row]))).arraySync();
    for (const [i, row] of rows.entries()) {
      const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
      const deviation = Math.sqrt(row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (row.length - 1)) + 1e-5;
      for (const [d, value] of row.entries()) near(steered[i]![d], value + 2 * deviation * made.decoder[7]![d]!, 1e-5);
      if (i === 1) near(steering.lastFactor(), 2 * deviation, 1e-5);
    }
  });

  test("refuses what cannot be steered", async () => {
    const made = await makeTrainedRun(device);
    await rejectsWith("TEXT_LENGTH", steer(inputOf(made, { prompt: "" })));
    await rejectsWith("NOTHING_STEERED", steer(inputOf(made, { prompt: "3" })));
    await rejectsWith("NOTHING_STEERED", steer(inputOf(made, { prompt: "3 1 4 1", positions: "last" })));
    const long = { tokens: 13, temperature: 0, seed: 0 };
    await rejectsWith("TEXT_LENGTH", steer(inputOf(made, { continuation: long })));
    const without = await makeTrainedRun(device, { withoutText: true });
    throwsWith("NO_LANGUAGE_MODEL", () => requireInspection(without.run));
    assert.equal([...steeredPositions({ excludedPositions: [0], maxPositions: 9 }, 3, "all")], [1, 2]);
  });

  test("leaves no tensor behind", async () => {
    const made = await makeTrainedRun(device);
    const input = inputOf(made, { continuation: { tokens: 2, temperature: 1, seed: 3 } });
    await steer(input);
    const before = device.tf.memory().numTensors;
    await steer(input);
    assert.is(device.tf.memory().numTensors, before);
  });
});
