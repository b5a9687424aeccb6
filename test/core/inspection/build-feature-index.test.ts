import * as assert from "uvu/assert";
import type { Device } from "../../../kernels/devices/device.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { buildFeatureIndex } from "../../../core/inspection/build-feature-index.ts";
import type { FeatureIndex } from "../../../core/inspection/build-feature-index.ts";
import { defaultFeatureSettings } from "../../../core/inspection/feature-record.ts";
import type { FeatureRecord, FeatureSettings } from "../../../core/inspection/feature-record.ts";
import { suite } from "../../suite.ts";
import { rejectsWith } from "../data/expect-error.ts";
import { memoryStore } from "../evaluation/fixtures.ts";
import { setParameter } from "../model/make-model.ts";
import {
  contextLength,
  cosine,
  excludedPositions,
  makeTrainedRun,
  referenceCode,
  referenceEffect,
} from "./fixtures.ts";
import type { MadeRun, MadeRunChoice } from "./fixtures.ts";

const settings: FeatureSettings = { ...defaultFeatureSettings, examples: 3, radius: 2, neighbours: 2, tokens: 4 };
const rowsPerContext = contextLength - excludedPositions.length;
const rowPositions = [1, 2, 4, 5];
let device: Device;

async function recordsOf(index: FeatureIndex): Promise<readonly FeatureRecord[]> {
  const records: FeatureRecord[] = [];
  for await (const record of index.records()) records.push(record);
  return records;
}

function near(actual: number, expected: number, what: string, tolerance = 2e-4): void {
  const within = Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected));
  assert.ok(within, `${what}: ${actual}, not ${expected}`);
}

interface Found {
  readonly row: number;
  readonly value: number;
}

/** Every activation of every feature, by the float64 reference. */
function activations(made: MadeRun, k: number | undefined): readonly (readonly Found[])[] {
  const found = Array.from({ length: made.run.model.shape.features }, (): Found[] => []);
  for (const [row, x] of made.rows.entries()) {
    for (const [feature, value] of referenceCode(made, x, k)) found[feature]!.push({ row, value });
  }
  return found;
}

/** The strongest row of each context, strongest first. */
function strongest(found: readonly Found[], count: number, rowsAContext: number): readonly Found[] {
  const best = new Map<number, Found>();
  for (const activation of found) {
    const context = Math.floor(activation.row / rowsAContext);
    if (activation.value > (best.get(context)?.value ?? 0)) best.set(context, activation);
  }
  return [...best.values()].sort((a, b) => b.value - a.value).slice(0, count);
}

async function checkActivity(choice: MadeRunChoice, k: number | undefined): Promise<void> {
  const made = await makeTrainedRun(device, choice);
  const records = await recordsOf(await buildFeatureIndex(made.run, settings));
  const expected = activations(made, k);
  assert.is(records.length, expected.length);
  assert.ok(expected.filter((found) => found.length > 1).length >= 4, "too few features are active to say anything");
  for (const [feature, record] of records.entries()) {
    const found = expected[feature]!;
    const sum = found.reduce((total, { value }) => total + value, 0);
    assert.is(record.rows, found.length, `firings of ${feature}`);
    near(record.density, found.length / made.rows.length, "density");
    near(record.mean, found.length === 0 ? 0 : sum / found.length, "mean");
    near(record.max, Math.max(0, ...found.map(({ value }) => value)), "max");
    const best = strongest(found, 3, rowsPerContext);
    assert.equal(
      record.examples.map(({ row }) => row),
      best.map(({ row }) => row),
      `examples of ${feature}`,
    );
    for (const [i, example] of record.examples.entries()) {
      const context = Math.floor(best[i]!.row / rowsPerContext);
      const position = rowPositions[best[i]!.row % rowsPerContext]!;
      near(example.activation, best[i]!.value, "activation");
      assert.equal([example.context, example.position], [context, position]);
      const from = Math.max(0, position - 2);
      const to = Math.min(contextLength, position + 3);
      const ids = made.contexts[context]!.slice(from, to);
      assert.equal(
        example.tokens,
        ids.map((id) => `<${id}>`),
      );
      assert.is(example.at, position - from);
      for (const [j, activation] of example.activations!.entries()) {
        if (excludedPositions.includes(from + j)) assert.is(activation, null);
        else {
          const row = context * rowsPerContext + rowPositions.indexOf(from + j);
          near(activation!, found.find((other) => other.row === row)?.value ?? 0, `around ${from + j}`);
        }
      }
    }
  }
}

suite("building an index of features", (test, hooks) => {
  hooks.before(async () => {
    device = await wasmDevice.open();
  });

  test("says what a float64 reference finds, for a sparse code of a switch router", async () => {
    await checkActivity({ numContexts: 40 }, 2);
  });

  test("says the same for a block code, with any number of rows at once", async () => {
    for (const batchSize of [1, 8, 1000]) {
      const router = { type: "switch", experts: 2, gate: "softmax", bias: "separate" };
      await checkActivity({ router, expert: { type: "relu" }, batchSize }, undefined);
    }
  });

  test("says the same for a dense SAE", async () => {
    await checkActivity({ router: { type: "none" }, expert: { type: "top-k", k: 3 } }, 3);
  });

  test("names the nearest features on either side, by decoder cosine", async () => {
    const made = await makeTrainedRun(device);
    const { decoder } = made;
    for (const record of await recordsOf(await buildFeatureIndex(made.run, settings))) {
      assert.is(record.expert, Math.floor(record.feature / 4));
      const ranked = decoder
        .map((row, feature) => ({ feature, cosine: cosine(row, decoder[record.feature]!) }))
        .filter(({ feature }) => feature !== record.feature)
        .sort((a, b) => b.cosine - a.cosine);
      const isOwn = ({ feature }: { feature: number }): boolean => Math.floor(feature / 4) === record.expert;
      for (const [list, expected] of [
        [record.sameExpert, ranked.filter(isOwn).slice(0, 2)],
        [record.otherExpert, ranked.filter((one) => !isOwn(one)).slice(0, 2)],
      ] as const) {
        assert.equal(
          list.map(({ feature }) => feature),
          expected.map(({ feature }) => feature),
        );
        for (const [i, { cosine: found, expert, feature }] of list.entries()) {
          near(found, expected[i]!.cosine, "cosine");
          assert.is(expert, Math.floor(feature / 4));
        }
      }
    }
  });

  test("names the tokens that a feature promotes and suppresses, with the gain folded and without", async () => {
    for (const foldNorm of [true, false]) {
      const made = await makeTrainedRun(device);
      const records = await recordsOf(await buildFeatureIndex(made.run, { ...settings, foldNorm }));
      for (const { feature, promoted = [], suppressed = [] } of records) {
        const effects = referenceEffect(made, made.decoder[feature]!, foldNorm).map((logit, id) => ({ logit, id }));
        const up = [...effects].sort((a, b) => b.logit - a.logit).slice(0, 4);
        const down = [...effects].sort((a, b) => a.logit - b.logit).slice(0, 4);
        assert.equal(
          promoted.map(({ id }) => id),
          up.map(({ id }) => id),
        );
        assert.equal(
          suppressed.map(({ id }) => id),
          down.map(({ id }) => id),
        );
        promoted.forEach(({ logit, token, id }, i) => {
          near(logit, up[i]!.logit, "promoted");
          assert.is(token, `<${id}>`);
        });
        suppressed.forEach(({ logit }, i) => {
          near(logit, down[i]!.logit, "suppressed");
        });
      }
    }
  });

  test("takes whole contexts within the rows that it may look at", async () => {
    const made = await makeTrainedRun(device);
    const { info } = await buildFeatureIndex(made.run, { ...settings, rows: 11 });
    assert.equal([info.rows, info.hasText, info.step, info.features, info.experts], [8, true, 12, 12, 3]);
    assert.is((await buildFeatureIndex(made.run, { ...settings, rows: 1 })).info.rows, 4);
  });

  test("counts the features that are never active", async () => {
    const made = await makeTrainedRun(device);
    const silent = activations(made, 2).filter((found) => found.length === 0).length;
    assert.is((await buildFeatureIndex(made.run, settings)).info.silent, silent);
  });

  test("without text gives rows as examples, and no tokens", async () => {
    const made = await makeTrainedRun(device, { withoutText: true });
    const index = await buildFeatureIndex(made.run, settings);
    assert.equal([index.info.hasText, index.info.rows], [false, made.rows.length]);
    const expected = activations(made, 2);
    for (const record of await recordsOf(index)) {
      assert.not.ok("promoted" in record);
      const best = strongest(expected[record.feature]!, 3, 1);
      assert.equal(
        record.examples.map((example) => Object.keys(example)),
        best.map(() => ["row", "activation"]),
      );
      assert.equal(
        record.examples.map(({ row }) => row),
        best.map(({ row }) => row),
      );
    }
  });

  test("tells how far it is", async () => {
    const made = await makeTrainedRun(device);
    const told: string[] = [];
    await buildFeatureIndex(made.run, settings, (done, total, what) => told.push(`${what} ${done}/${total}`));
    assert.ok(told.includes("reading held-out contexts 7/7"), told.join());
    assert.ok(told.includes("projecting features onto tokens 12/12"), told.join());
  });

  test("refuses a broken model, and a source without held-out rows", async () => {
    const made = await makeTrainedRun(device, { router: { type: "none" }, expert: { type: "relu" } });
    const empty = { ...made.run, source: { ...made.run.source, heldOut: memoryStore([], 8) } };
    await rejectsWith("NO_HELD_OUT_ROWS", buildFeatureIndex(empty, settings));
    // Overflows: 3e38 times more than 1.
    const column = Float32Array.from({ length: 96 }, (_unused, i) => (i % 8 === 0 ? 3e38 : 0));
    setParameter(device.tf, made.run.model, "encoder", column);
    setParameter(device.tf, made.run.model, "decoder_bias", new Float32Array(8).fill(-10));
    await rejectsWith("METRIC_NOT_FINITE", buildFeatureIndex(made.run, settings));
  });

  test("leaves no tensor behind", async () => {
    const made = await makeTrainedRun(device);
    await buildFeatureIndex(made.run, settings);
    const before = device.tf.memory().numTensors;
    await buildFeatureIndex(made.run, settings);
    assert.is(device.tf.memory().numTensors, before);
  });
});
