/** Shapes: B rows, D width, F features, E experts, R experts a row, K features a row. */
import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { KernelError } from "../../../kernels/kernel-error.ts";
import type { EncodeTopKInput } from "../../../kernels/kernels.ts";
import { gpuSuite, integersOnGpu, onGpu, openGpu, thrownBy, type Gpu } from "./gpu-suite.ts";

/** int32 [B, K], given row by row. */
function indicesOf(numSelected: number, values: readonly number[]): tf.Tensor2D {
  return integersOnGpu(values).reshape([values.length / numSelected, numSelected]);
}

/** Rows of ones, so that a decoded row is the number of its features that exist. */
function decode({ device }: Gpu, indices_BK: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => device.kernels.sparseDecode(indices_BK, onGpu(tf.ones(indices_BK.shape)), tf.ones([6, 2])));
}

/** E = 3 experts of 2 features. */
function encodeInput(experts_BR: tf.Tensor2D, gates: readonly number[]): EncodeTopKInput {
  return {
    acts_BD: tf.ones([experts_BR.shape[0], 4]),
    encoder_FD: tf.ones([6, 4]),
    expertIndices_BR: experts_BR,
    gates_BR: onGpu(tf.tensor2d([...gates], experts_BR.shape)),
    ...{ numExperts: 3, k: 1 },
  };
}

/** Fields of what reading throws. */
async function faultOf(read: () => unknown): Promise<Pick<KernelError, "code" | "where" | "expected" | "received">> {
  const error = await thrownBy(read);
  assert.instance(error, KernelError);
  const { code, where, expected, received } = error as KernelError;
  return { code, where, expected, received };
}

const indexFault = {
  code: "KERNEL_INDEX_RANGE",
  where: "sparseDecode: indices_BK",
  expected: "0 to 5",
  received: "another at position 3",
} as const;

gpuSuite("an index that lies on the GPU, outside its range", (test) => {
  for (const index of [6, -1, 2 ** 31 - 1, -(2 ** 31)]) {
    for (const [how, read] of [
      ["dataSync", (tensor: tf.Tensor): unknown => tensor.dataSync()],
      ["data", (tensor: tf.Tensor): unknown => tensor.data()],
    ] as const) {
      test(`is an error at the next ${how}, once, and nothing is broken: ${index}`, async () => {
        const gpu = await openGpu();
        const decoded = decode(gpu, indicesOf(2, [0, 1, 5, index]));
        assert.equal(await faultOf(() => read(decoded)), indexFault);
        const good = decode(gpu, indicesOf(2, [0, 1]));
        assert.equal([...good.dataSync()], [2, 2]);
        assert.equal([...decoded.dataSync()].slice(0, 2), [2, 2]);
        tf.dispose([decoded, good]);
      });
    }
  }

  test("is an error whatever is read, and where it was found first", async () => {
    const gpu = await openGpu();
    const other = tf.add(onGpu(tf.tensor1d([1, 2])), onGpu(tf.scalar(1)));
    decode(gpu, indicesOf(2, [0, 1, 5, 6, 7, 8])).dispose();
    assert.equal(await faultOf(() => other.dataSync()), indexFault);
    assert.equal([...other.dataSync()], [2, 3]);
    other.dispose();
  });

  test("is an error again when the same tensor is used again", async () => {
    const gpu = await openGpu();
    const indices = indicesOf(2, [0, 1, 5, 6]);
    for (let i = 0; i < 2; i++) assert.equal(await faultOf(() => decode(gpu, indices).dataSync()), indexFault);
  });

  test("is an error also where it was used while an earlier tensor was on its way", async () => {
    const gpu = await openGpu();
    const early = decode(gpu, indicesOf(2, [0, 1])).data();
    const late = decode(gpu, indicesOf(2, [0, 1, 5, 6]));
    assert.equal([...(await early)], [2, 2]);
    assert.equal(await faultOf(() => late.dataSync()), indexFault);
    assert.equal([...late.dataSync()].slice(0, 2), [2, 2]);
  });

  test("is told apart from one of another operation", async () => {
    const { device } = await openGpu();
    const indices = indicesOf(2, [0, 1, 2, 9]);
    const dot = device.kernels.sparseGatherDot(indices, tf.ones([8, 3]), tf.ones([2, 3]));
    const { where, expected } = await faultOf(() => dot.dataSync());
    assert.equal([where, expected], ["sparseGatherDot: indices_BK", "0 to 7"]);
  });

  test("is found at the call where it lies on the host, with its value", async () => {
    const gpu = await openGpu();
    const fault = await faultOf(() => decode(gpu, tf.tensor2d([0, 1, 5, 6], [2, 2], "int32")));
    assert.equal(fault, { ...indexFault, received: "6 at position 3" });
  });
});

gpuSuite("routings and gates that lie on the GPU", (test) => {
  const wrong: Readonly<Record<string, { experts_BR: () => tf.Tensor2D; expected: string; received: string }>> = {
    "an expert that is not there": {
      experts_BR: () => indicesOf(1, [0, 3]),
      ...{ expected: "0 to 2", received: "another at position 1" },
    },
    "the same expert twice": {
      experts_BR: () => indicesOf(3, [0, 1, 2, 2, 1, 2, 1, 1, 1]),
      ...{ expected: "3 different experts a row", received: "others in row 1" },
    },
  };
  for (const [what, { experts_BR, ...fault }] of Object.entries(wrong)) {
    test(`are an error at the next reading: ${what}`, async () => {
      const { device } = await openGpu();
      const routing_BR = experts_BR();
      const gates = new Array<number>(routing_BR.size).fill(1);
      const { values_BK } = device.kernels.encodeTopK(encodeInput(routing_BR, gates));
      assert.equal(await faultOf(() => values_BK.dataSync()), {
        ...{ code: "KERNEL_INDEX_RANGE", where: "encodeTopK: expertIndices_BR" },
        ...fault,
      });
    });
  }

  for (const gate of [-1, -1e-45, -Infinity, Number.NaN]) {
    test(`are an error at the next reading: a gate of ${gate}`, async () => {
      const { device } = await openGpu();
      const { values_BK } = device.kernels.encodeTopK(encodeInput(indicesOf(1, [0, 1, 2]), [1, 0, gate]));
      assert.equal(await faultOf(() => values_BK.dataSync()), {
        ...{ code: "KERNEL_VALUE_RANGE", where: "encodeTopK: gates_BR" },
        ...{ expected: "at least 0", received: "another at position 2" },
      });
    });
  }

  test("are in order: gates of 0, -0, a number that is hardly one, and infinity", async () => {
    const { device } = await openGpu();
    const experts_BR = indicesOf(2, [0, 1, 2, 0]);
    const { values_BK } = device.kernels.encodeTopK(encodeInput(experts_BR, [0, -0, 1e-45, Infinity]));
    assert.equal([...values_BK.dataSync()], [4, 4]);
  });
});

gpuSuite("what is checked on the GPU", (test) => {
  test("is checked once a tensor, clones included, and a limit", async () => {
    const gpu = await openGpu();
    const { checks } = gpu.backend;
    const indices = indicesOf(2, [0, 1]);
    const isChecked = (use: () => tf.Tensor): boolean => {
      const made = use();
      const wasPending = checks.pending() !== undefined;
      made.dataSync();
      assert.is(checks.pending(), undefined, "nothing is left to report once a tensor was read");
      return wasPending;
    };
    assert.ok(isChecked(() => decode(gpu, indices)));
    assert.not(isChecked(() => decode(gpu, indices)));
    assert.not(isChecked(() => decode(gpu, tf.clone(indices))));
    assert.ok(isChecked(() => decode(gpu, indicesOf(2, [0, 1]))));
    const ofFive = (): tf.Tensor => gpu.device.kernels.sparseDecode(indices, tf.ones([1, 2]), tf.ones([5, 2]));
    assert.ok(isChecked(ofFive));
    assert.not(isChecked(ofFive));
  });

  test("is not what encodeTopK made", async () => {
    const { device, backend } = await openGpu();
    const { indices_BK, values_BK } = device.kernels.encodeTopK(encodeInput(indicesOf(1, [0, 2]), [1, 1]));
    values_BK.dataSync();
    const decoded = device.kernels.sparseDecode(indices_BK, values_BK, tf.ones([6, 2]));
    assert.is(backend.checks.pending(), undefined);
    assert.equal([...decoded.dataSync()], [4, 4, 4, 4]);
    // Fewer rows than the indices were made for: they may lie outside.
    device.kernels.sparseDecode(indices_BK, values_BK, tf.ones([4, 2]));
    assert.equal((await faultOf(() => decoded.dataSync())).expected, "0 to 3");
  });

  test("may be more sites than have notes of their own", async () => {
    const gpu = await openGpu();
    const { kernels } = gpu.device;
    const indices = indicesOf(2, [0, 399]);
    for (let rows = 700; rows >= 400; rows--) kernels.sparseDecode(indices, tf.ones([1, 2]), tf.ones([rows, 1]));
    const last = kernels.sparseDecode(indices, tf.ones([1, 2]), tf.ones([400, 1]));
    assert.equal([...last.dataSync()], [2]);
    kernels.sparseDecode(indices, tf.ones([1, 2]), tf.ones([399, 1]));
    assert.equal((await faultOf(() => last.dataSync())).expected, "0 to 398");
  });
});
