import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { joinCounts, joinSums, rowThreads } from "../../../kernels/webgpu/joining.ts";
import { defineProgram } from "../../../kernels/webgpu/program.ts";
import { createRandomData } from "../../conformance/kernels/random-data.ts";
import { gpuSuite, inKernel, integersOnGpu, onGpu, openGpu, valuesOf } from "./gpu-suite.ts";

const sumTwice = defineProgram({
  label: "sumTwice",
  buffers: { values: "f32", out_sums: "out f32" },
  params: { scale: "f32" },
  uses: [joinSums],
  code: /* wgsl */ `
    @compute @workgroup_size(${rowThreads})
    fn main(@builtin(local_invocation_index) lane: u32) {
      // The second sum goes through the memory of the first.
      let sum = join_sums(lane, values[lane]);
      let scaled = join_sums(lane, params.scale * values[lane]);
      out_sums[2u * lane] = sum;
      out_sums[2u * lane + 1u] = scaled;
    }
  `,
});

/** As the threads do it, in float32: sums of eight neighbours, then the sum of those. */
function sumInEights(values: Float32Array): number {
  const add = (sum: number, value: number): number => Math.fround(sum + value);
  const eights = Array.from({ length: 8 }, (_, i) => values.subarray(8 * i, 8 * i + 8).reduce(add, 0));
  return eights.reduce(add, 0);
}

gpuSuite("sums over the threads of a workgroup", (test) => {
  test("are formed in one order, and known to every thread", async () => {
    await openGpu();
    const values = createRandomData(34).floats(rowThreads);
    const expected = [sumInEights(values), sumInEights(values.map((value) => 3 * value))];
    const sums = inKernel((memory) => {
      const out_sums = memory.scratch(2 * rowThreads, "float32");
      memory.run(sumTwice, {
        buffers: { values: onGpu(tf.tensor1d(values)), out_sums },
        params: { scale: 3 },
        groups: 1,
      });
      return valuesOf(out_sums);
    });
    assert.equal(sums, Array.from({ length: rowThreads }, () => expected).flat());
  });
});

gpuSuite("counts over the threads of a workgroup", (test) => {
  for (const threads of [64, 256] as const) {
    const count = defineProgram({
      label: "count",
      buffers: { values: "i32", out_counts: "out i32" },
      params: { unused: "u32" },
      uses: [joinCounts(threads)],
      code: /* wgsl */ `
        @compute @workgroup_size(${threads})
        fn main(@builtin(local_invocation_index) lane: u32) {
          let joined = join_counts(lane, u32(values[lane]));
          out_counts[2u * lane] = i32(joined.x);
          out_counts[2u * lane + 1u] = i32(joined.y);
        }
      `,
    });

    test(`are those before each of ${threads} threads, and of all`, async () => {
      await openGpu();
      const values = createRandomData(35).indices(threads, 1000);
      const total = values.reduce((sum, value) => sum + value, 0);
      const expected = [...values].map((_, i) => [values.subarray(0, i).reduce((sum, value) => sum + value, 0), total]);
      const counts = inKernel((memory) => {
        const out_counts = memory.scratch(2 * threads, "int32");
        memory.run(count, { buffers: { values: integersOnGpu(values), out_counts }, params: { unused: 0 }, groups: 1 });
        return valuesOf(out_counts);
      });
      assert.equal(counts, expected.flat());
    });
  }
});
