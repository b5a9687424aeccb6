/** What the grouped products have on the webgpu device alone: tiles of several shapes, and operands of float16. */
import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { Kernels } from "../../../kernels/kernels.ts";
import type { GpuBackend } from "../../../kernels/webgpu/contracts.ts";
import type { Operands, TileName } from "../../../kernels/webgpu/tiled-product.ts";
import { choices, defaultTuning } from "../../../kernels/webgpu/tuning.ts";
import { expectClose } from "../../conformance/conformance-case.ts";
import { groupedDecode64, groupedEncode64 } from "../../conformance/kernels/float64/grouped.ts";
import { createRandomData } from "../../conformance/kernels/random-data.ts";
import { expectSame, gpuSuite, openGpu } from "../webgpu/gpu-suite.ts";

/** Large enough that no tile is taken to be too large, and no multiple of any. */
const size = { B: 200, D: 50, F: 210, E: 3, R: 2 };
const M = size.F / size.E;
const random = createRandomData(51);
const data = {
  acts: random.floats(size.B * size.D),
  weights: random.floats(size.F * size.D),
  values: random.floats(size.B * size.R * M),
  experts: random.routing(size),
};

/** The dense decoder adds 140 products of up to 1: float32 keeps so much of their sum. */
const ofSums = { atol: 1e-5, rtol: 1e-5 };

interface Products {
  readonly encoded: Float32Array;
  readonly decoded: Float32Array;
  readonly dActs: Float32Array;
  readonly dWeights: Float32Array;
}

const known = new Map<string, Products>();

/** Those of `data` are computed once for each tile. */
async function products(tile: TileName, operands: Operands = "float32"): Promise<Products> {
  const key = `${tile} ${operands}`;
  const found = known.get(key) ?? (await productsOf(data, tile, operands));
  known.set(key, found);
  return found;
}

function productsOf(values: typeof data, tile: TileName, operands: Operands): Promise<Products> {
  const tuning = { ...defaultTuning, encodeTile: tile, decodeTile: tile, outerTile: tile };
  return withSettings({ tuning, operands }, (kernels) => compute(kernels, values));
}

async function withSettings<T>(
  settings: Partial<Pick<GpuBackend, "tuning" | "operands">>,
  work: (kernels: Kernels) => T,
): Promise<T> {
  const { device, backend } = await openGpu();
  const { tuning, operands } = backend;
  Object.assign(backend, settings);
  try {
    return work(device.kernels);
  } finally {
    Object.assign(backend, { tuning, operands });
  }
}

/** Of sixteen features a row, the largest first. */
function topKOf(kernels: Kernels): number[] {
  const { B, D, F, E, R } = size;
  const values = tf.tidy(() => {
    const code = kernels.encodeTopK({
      ...{ acts_BD: tf.tensor2d(data.acts, [B, D]), encoder_FD: tf.tensor2d(data.weights, [F, D]) },
      ...{ expertIndices_BR: tf.tensor2d(data.experts, [B, R], "int32"), gates_BR: tf.ones<tf.Rank.R2>([B, R]) },
      ...{ numExperts: E, k: 16 },
    });
    return code.values_BK.arraySync();
  });
  return values.flatMap((row) => row.sort((a, b) => b - a));
}

function compute(kernels: Kernels, { acts, weights, values, experts }: typeof data): Products {
  const { B, D, F, E, R } = size;
  return tf.tidy(() => {
    const [acts_BD, weights_FD] = [tf.tensor2d(acts, [B, D]), tf.tensor2d(weights, [F, D])];
    const values_BRM = tf.tensor3d(values, [B, R, M]);
    const experts_BR = tf.tensor2d(experts, [B, R], "int32");
    const encode = (a: tf.Tensor, w: tf.Tensor): tf.Tensor =>
      kernels.groupedEncode(a as tf.Tensor2D, w as tf.Tensor2D, experts_BR, E);
    const [dActs, dWeights] = tf.grads(encode)([acts_BD, weights_FD], values_BRM) as [tf.Tensor, tf.Tensor];
    const read = (tensor: tf.Tensor): Float32Array => tensor.dataSync<"float32">().slice();
    return {
      encoded: read(encode(acts_BD, weights_FD)),
      decoded: read(kernels.groupedDecode(values_BRM, weights_FD, experts_BR, E)),
      ...{ dActs: read(dActs), dWeights: read(dWeights) },
    };
  });
}

gpuSuite("tiles of the grouped products", (test) => {
  const [standard = "64x64", ...others] = choices.encodeTile;

  test("of the default give what float64 gives", async () => {
    const { encoded, decoded } = await products(standard);
    expectClose("encoded", encoded, groupedEncode64(data.acts, data.weights, data.experts, size));
    expectClose("decoded", decoded, groupedDecode64(data.values, data.weights, data.experts, size), ofSums);
  });

  for (const tile of others) {
    test(`of ${tile} give the same bits`, async () => {
      const expected = await products(standard);
      for (const [name, values] of Object.entries(await products(tile))) {
        expectSame(name, values as Float32Array, expected[name as keyof Products]);
      }
    });
  }
});

/** The nearest number of float16, ties to even; its subnormal numbers do not occur here. */
function toHalf(x: number): number {
  if (x === 0) return 0;
  const quantum = 2 ** (Math.floor(Math.log2(Math.abs(x))) - 10);
  const steps = x / quantum;
  const [below, rest] = [Math.floor(steps), steps - Math.floor(steps)];
  const isUp = rest > 0.5 || (rest === 0.5 && below % 2 !== 0);
  return Math.max(-65_504, Math.min(65_504, (isUp ? below + 1 : below) * quantum));
}

gpuSuite("products of float16", (test) => {
  const halves = {
    acts: Float64Array.from(data.acts, toHalf),
    weights: Float64Array.from(data.weights, toHalf),
    values: Float64Array.from(data.values, toHalf),
  };

  for (const tile of ["64x64", "128x128"] as const) {
    test(`multiply rounded operands and add in float32: tiles of ${tile}`, async () => {
      const { encoded, decoded } = await products(tile, "float16");
      expectClose("encoded", encoded, groupedEncode64(halves.acts, halves.weights, data.experts, size));
      expectClose("decoded", decoded, groupedDecode64(halves.values, halves.weights, data.experts, size), ofSums);
    });
  }

  test("are those of encode top-k too", async () => {
    const half = await withSettings({ operands: "float16" }, topKOf);
    const full = await withSettings({ operands: "float32" }, topKOf);
    assert.not.equal(half, full);
    // Of two features that are almost equal, another one may be among the largest; its value is almost equal too.
    expectClose("values", half, full, { atol: 5e-3, rtol: 5e-3 });
  });

  test("leave gradients to float32, where small ones do not vanish", async () => {
    const small = { ...data, values: data.values.map((value) => value * 1e-9) };
    const [half, full] = [await productsOf(small, "64x64", "float16"), await productsOf(small, "64x64", "float32")];
    for (const name of ["dActs", "dWeights"] as const) {
      expectSame(name, half[name], full[name]);
      assert.ok(full[name].some((value) => value !== 0));
    }
  });

  test("take numbers that float16 does not hold as its largest", async () => {
    const large = { ...data, acts: data.acts.map((value) => value * 1e6) };
    const expected = Float64Array.from(large.acts, toHalf);
    const { encoded } = await productsOf(large, "64x64", "float16");
    expectClose("encoded", encoded, groupedEncode64(expected, halves.weights, data.experts, size), {
      ...{ atol: 65_504 * ofSums.atol, rtol: ofSums.rtol },
    });
  });
});
