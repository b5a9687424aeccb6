import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { geometry } from "../../../plugins/evaluator/geometry.ts";
import type { SparseAutoencoder } from "../../../core/model/sparse-autoencoder.ts";
import { evaluateOne, fakeModel, near, rowsOf, shapeOf, sourceOf, useCpu } from "../../core/evaluation/fixtures.ts";
import { suite } from "../../suite.ts";

interface FeatureMap {
  readonly features: readonly number[];
  readonly experts: readonly number[];
  readonly encoder: readonly (readonly number[])[];
  readonly decoder: readonly (readonly number[])[];
}

function modelOf(encoder: number[][], decoder: number[][], experts: number): SparseAutoencoder {
  const fake = fakeModel({ shape: shapeOf(encoder[0]!.length, encoder.length, experts) });
  const matrices = new Map([
    ["encoder", tf.variable(tf.tensor2d(encoder))],
    ["decoder", tf.variable(tf.tensor2d(decoder))],
  ]);
  return { ...fake, parameters: { ...fake.parameters, get: (name) => matrices.get(name)! } };
}

async function examine(
  model: SparseAutoencoder,
  options: { features?: number; neighbours?: number; seed?: number } = {},
) {
  const evaluator = await geometry.create(
    { features: 100, neighbours: 3, minDistance: 0.1, seed: 0, ...options },
    { tf },
  );
  const before = tf.memory().numTensors;
  const { metrics, artefacts } = await evaluateOne(evaluator, {
    model,
    source: sourceOf([new Array<number>(model.shape.width).fill(0)]),
  });
  assert.is(tf.memory().numTensors, before, "no tensor leaks");
  return {
    encoder: metrics["it/encoder-neighbours-in-expert"],
    decoder: metrics["it/decoder-neighbours-in-expert"],
    cosine: metrics["it/encoder-decoder-cosine"],
    map: artefacts["it"]?.["map"] as FeatureMap | undefined,
  };
}

/** 24 rows: the first 12 around one axis, the others around another. */
const clustered = rowsOf(24, 5, 3).map((noise, n) => noise.map((x, d) => 0.1 * x + (d === (n < 12 ? 0 : 1) ? 1 : 0)));
/** The same rows, an expert's features taken from both halves in turn. */
const mixed = clustered.map((_unused, n) => clustered[(n % 2) * 12 + Math.floor(n / 2)]!);

suite("evaluator geometry", (test, hooks) => {
  hooks.before(useCpu);

  test("tells rows that keep to their expert from rows that do not", async () => {
    const { encoder, decoder, map } = await examine(modelOf(clustered, mixed, 2));
    assert.is(encoder, 1);
    // Six rows of each half in either expert: neighbours are in the same half, of whichever expert.
    const share = expectedShare(mixed, 3, 12);
    assert.is(decoder, share);
    assert.ok(share > 0.2 && share < 0.8);
    assert.equal(map!.features, [...clustered.keys()]);
    assert.equal(
      map!.experts,
      clustered.map((_unused, n) => Math.floor(n / 12)),
    );
    for (const points of [map!.encoder, map!.decoder]) {
      assert.is(points.length, 24);
      for (const [x, y] of points) assert.ok(Number.isFinite(x) && Number.isFinite(y));
    }
  });

  test("compares the two rows of every sampled feature", async () => {
    const negative = clustered.map((row, n) => row.map((value) => (n % 4 === 0 ? -2 : 3) * value));
    near((await examine(modelOf(clustered, negative, 2))).cosine, 0.5, 1e-6);
    const zero = clustered.map((row) => row.map(() => 0));
    assert.is((await examine(modelOf(clustered, zero, 2))).cosine, 0);
  });

  test("looks at a sample of the features, decided by the seed", async () => {
    const model = modelOf(clustered, mixed, 2);
    const first = await examine(model, { features: 10, seed: 1 });
    assert.is(first.map!.features.length, 10);
    assert.equal((await examine(model, { features: 10, seed: 1 })).map, first.map);
    assert.not.equal((await examine(model, { features: 10, seed: 2 })).map!.features, first.map!.features);
  });

  test("has fewer neighbours where fewer features are there, and nothing to say of three", async () => {
    const few = await examine(modelOf(clustered.slice(0, 4), mixed.slice(0, 4), 2), { neighbours: 15 });
    assert.is(few.encoder, expectedShare(clustered.slice(0, 4), 2, 2));
    const three = await examine(modelOf(clustered.slice(0, 3), mixed.slice(0, 3), 1));
    assert.equal([three.encoder, three.map], [undefined, undefined]);
  });
});

function expectedShare(rows: number[][], k: number, perExpert: number): number {
  const cosine = (a: number[], b: number[]): number =>
    a.reduce((sum, x, d) => sum + x * b[d]!, 0) / (Math.hypot(...a) * Math.hypot(...b));
  const shares = rows.map((row, n) => {
    const nearest = rows
      .map((other, j) => ({ j, cosine: j === n ? -9 : cosine(row, other) }))
      .sort((a, b) => b.cosine - a.cosine)
      .slice(0, k);
    return nearest.filter(({ j }) => Math.floor(j / perExpert) === Math.floor(n / perExpert)).length / k;
  });
  return shares.reduce((sum, share) => sum + share, 0) / rows.length;
}
