import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { profileKernels } from "../../../kernels/profile/profile-kernels.ts";
import { costOf, type KernelCost } from "../../../kernels/profile/costs.ts";
import { runGroupedOuter } from "../../../kernels/grouped-matmul/contract.ts";
import { kernelNames } from "../../../kernels/register.ts";
import { runSquaredErrorGradient } from "../../../kernels/squared-error/contract.ts";
import { suite } from "../../suite.ts";

// Every size is a different prime but F = E * M, so that no wrong axis gives the right product.
const [B, D, E, M, R, K] = [5, 7, 3, 11, 2, 13] as const;
const F = E * M;
// Contexts of T positions.
const [C, T] = [2, 17] as const;

/** Costs of the calls that training makes of each kernel, by what the wrappers of `Kernels` hand over. */
async function measuredCosts(): Promise<ReadonlyMap<string, KernelCost>> {
  const device = await cpuDevice.open();
  const costs = new Map<string, KernelCost>();
  const stop = profileKernels({
    onCall: ({ name, within, flops, bytes }) => {
      if (within.length === 0) costs.set(name, { flops, bytes });
    },
  });
  try {
    tf.tidy(() => {
      callEach(device);
    });
  } finally {
    stop();
  }
  return costs;
}

function callEach({ kernels }: Device): void {
  const acts_BD = tf.ones<tf.Rank.R2>([B, D]);
  const weights_FD = tf.ones<tf.Rank.R2>([F, D]);
  const values_BRM = tf.ones<tf.Rank.R3>([B, R, M]);
  const expertIndices_BR = tf.tensor2d(
    Int32Array.from({ length: B * R }, (_, i) => i % R),
    [B, R],
    "int32",
  );
  const indices_BK = tf.tensor2d(
    Int32Array.from({ length: B * K }, (_, i) => i % K),
    [B, K],
    "int32",
  );
  const coefficients_BK = tf.ones<tf.Rank.R2>([B, K]);
  kernels.groupedEncode(acts_BD, weights_FD, expertIndices_BR, E);
  kernels.groupedDecode(values_BRM, weights_FD, expertIndices_BR, E);
  runGroupedOuter({ values_BRM, rows_BD: acts_BD, expertIndices_BR }, { numExperts: E });
  const gates_BR = tf.ones<tf.Rank.R2>([B, R]);
  kernels.encodeTopK({ acts_BD, encoder_FD: weights_FD, expertIndices_BR, gates_BR, numExperts: E, k: K });
  kernels.sparseDecode(indices_BK, coefficients_BK, weights_FD);
  kernels.sparseGatherDot(indices_BK, weights_FD, acts_BD);
  kernels.rowSparseAccumulate(indices_BK, coefficients_BK, acts_BD, F);
  const [parameter, first, second] = [tf.variable(weights_FD), tf.variable(weights_FD), tf.variable(weights_FD)];
  const adam = { learningRate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, step: 1 };
  kernels.adamStep(parameter, weights_FD, { first, second }, adam);
  kernels.normaliseRows(parameter);
  kernels.removeParallelComponent(weights_FD, weights_FD);
  kernels.globalNorm([weights_FD]);
  kernels.causalAttention(tf.ones([C * T, 3 * D]), { numContexts: C, contextLength: T, numHeads: 1 });
  kernels.squaredError(acts_BD, acts_BD);
  runSquaredErrorGradient({ prediction_BD: acts_BD, target_BD: acts_BD, dLoss: tf.scalar(1) });
  tf.dispose([parameter, first, second]);
}

/** flops, and the numbers that are read and written. */
const expected: Readonly<Record<string, readonly [flops: number, numbers: number]>> = {
  SwitchyardGroupedEncode: [2 * B * R * M * D, B * D + F * D + B * R + B * R * M],
  SwitchyardGroupedDecode: [2 * B * R * M * D, B * R * M + F * D + B * R + B * D],
  SwitchyardGroupedOuter: [2 * B * R * M * D, B * R * M + B * D + B * R + F * D],
  SwitchyardEncodeTopK: [2 * B * R * M * D, B * D + F * D + 2 * B * R + 3 * B * K],
  SwitchyardSparseDecode: [2 * B * K * D, 2 * B * K + B * K * D + B * D],
  SwitchyardSparseGatherDot: [2 * B * K * D, 2 * B * K + B * K * D + B * D],
  SwitchyardRowSparseAccumulate: [2 * B * K * D, 2 * B * K + B * K * D + F * D],
  SwitchyardAdamStep: [0, 7 * F * D],
  SwitchyardNormaliseRows: [0, 2 * F * D],
  SwitchyardRemoveParallelComponent: [0, 3 * F * D],
  SwitchyardNorm: [0, F * D + 1],
  SwitchyardSquaredError: [0, 2 * B * D + 1],
  SwitchyardSquaredErrorGradient: [0, 2 * B * D + 1 + B * D],
  SwitchyardCausalAttention: [2 * C * T * (T + 1) * D, C * T * 4 * D],
};

suite("costs of our kernels", (test) => {
  test("are counted for every one of them", () => {
    assert.equal(Object.keys(expected).sort(), [...kernelNames("host")].sort());
  });

  test("follow from the shapes of a call", async () => {
    const costs = await measuredCosts();
    for (const [name, [flops, numbers]] of Object.entries(expected)) {
      assert.equal(costs.get(name), { flops, bytes: 4 * numbers }, name);
    }
  });
});

suite("costs of the tensor library's kernels", (test) => {
  const tensor = (...shape: number[]): tf.TensorInfo => ({ dataId: {}, shape, dtype: "float32" });

  test("of a product are two a multiply-add, for every matrix of the batch, transposed or not", () => {
    const outputs = [tensor(2, 3, 5)];
    const plain = { inputs: { a: tensor(2, 3, 7), b: tensor(2, 7, 5) }, attrs: {}, outputs };
    const bytes = 4 * (2 * 3 * 7 + 2 * 7 * 5 + 2 * 3 * 5);
    assert.equal(costOf("BatchMatMul", plain), { flops: 2 * 2 * 3 * 7 * 5, bytes });
    const transposed = { ...plain, inputs: { a: tensor(2, 7, 3), b: tensor(2, 7, 5) }, attrs: { transposeA: true } };
    assert.is(costOf("_FusedMatMul", transposed).flops, 2 * 2 * 3 * 7 * 5);
  });

  test("of others are what they read and write, once each; absent inputs count nothing", () => {
    const use = { inputs: { a: tensor(4, 3), b: tensor(3), bias: undefined }, attrs: {}, outputs: [tensor(4, 3)] };
    assert.equal(costOf("Add", use), { flops: 0, bytes: 4 * (12 + 3 + 12) });
    assert.equal(costOf("toString", use), { flops: 0, bytes: 4 * (12 + 3 + 12) });
  });

  test("of those that take a part of their input are that part; of a reshape nothing", () => {
    const use = { inputs: { x: tensor(100, 3) }, attrs: {}, outputs: [tensor(2, 3)] };
    assert.is(costOf("Slice", use).bytes, 4 * 12);
    assert.is(costOf("GatherV2", use).bytes, 4 * 12);
    assert.is(costOf("ZerosLike", use).bytes, 4 * 6);
    assert.is(costOf("Reshape", use).bytes, 0);
  });
});
