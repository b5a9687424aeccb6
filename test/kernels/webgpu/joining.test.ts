/** Each helper in both of its versions, where the adapter has subgroups of any size; else in the one without. */
import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { GpuBackend } from "../../../kernels/webgpu/contracts.ts";
import { joinCounts, joinEights, joinSums, rowThreads } from "../../../kernels/webgpu/joining.ts";
import { defineProgram, type GpuAbilities, type GpuProgram } from "../../../kernels/webgpu/program.ts";
import { expectClose } from "../../conformance/conformance-case.ts";
import { createRandomData } from "../../conformance/kernels/random-data.ts";
import { gpuSuite, inKernel, integersOnGpu, onGpu, openGpu, valuesOf } from "./gpu-suite.ts";

/** Runs with programs that may use what `abilities` says, compiled anew by each call. */
async function withAbilities<T>(abilities: Partial<GpuAbilities>, work: () => T): Promise<T | "no subgroups"> {
  const { backend } = await openGpu();
  const before = backend.abilities;
  if ((abilities.leastSubgroup ?? 0) > 0 && before.leastSubgroup === 0) return "no subgroups";
  backend.abilities = { ...before, ...abilities };
  try {
    return work();
  } finally {
    backend.abilities = before;
  }
}

/** As if all subgroups were so large: the helpers then use them, whatever their size. */
const versions: Readonly<Record<string, Partial<GpuAbilities>>> = {
  "without subgroups": { leastSubgroup: 0 },
  "by subgroups": { leastSubgroup: 8 },
};

/** Two sums, so that the second goes through the memory of the first, and a third. */
const sumThrice = (): GpuProgram<"values" | "out_sums", "scale"> =>
  defineProgram({
    label: "sumThrice",
    buffers: { values: "f32", out_sums: "out f32" },
    params: { scale: "f32" },
    uses: [joinSums],
    code: /* wgsl */ `
      @compute @workgroup_size(${rowThreads})
      fn main(@builtin(local_invocation_index) lane: u32) {
        out_sums[3u * lane] = join_sums(lane, values[lane]);
        out_sums[3u * lane + 1u] = join_sums(lane, params.scale * values[lane]);
        out_sums[3u * lane + 2u] = join_sums(lane, values[lane] * values[lane]);
      }
    `,
  });

function sumsOf(values: Float32Array): number[] {
  const program = sumThrice();
  return inKernel((memory) => {
    const out_sums = memory.scratch(3 * rowThreads, "float32");
    memory.run(program, { buffers: { values: onGpu(tf.tensor1d(values)), out_sums }, params: { scale: 3 }, groups: 1 });
    return valuesOf(out_sums);
  });
}

/** As the threads do it without subgroups, in float32: sums of eight neighbours, then the sum of those. */
function sumInEights(values: Float32Array): number {
  const add = (sum: number, value: number): number => Math.fround(sum + value);
  const eights = Array.from({ length: 8 }, (_, i) => values.subarray(8 * i, 8 * i + 8).reduce(add, 0));
  return eights.reduce(add, 0);
}

gpuSuite("sums over the threads of a workgroup", (test) => {
  const values = createRandomData(34).floats(rowThreads);
  const terms = [values, values.map((value) => 3 * value), values.map((value) => value * value)];

  test("are formed in one order, and known to every thread", async () => {
    const sums = await withAbilities({ leastSubgroup: 0 }, () => sumsOf(values));
    const expected = terms.map(sumInEights);
    assert.equal(sums, Array.from({ length: rowThreads }, () => expected).flat());
  });

  test("by subgroups are the same, known to every thread, the same every time", async () => {
    const sums = await withAbilities({ leastSubgroup: 8 }, () => sumsOf(values));
    if (sums === "no subgroups") return;
    const first = sums.slice(0, 3);
    const expected = terms.map((term) => term.reduce((sum, value) => sum + value, 0));
    expectClose("sums", first, expected, { atol: 1e-5, rtol: 1e-5 });
    assert.equal(sums, Array.from({ length: rowThreads }, () => first).flat());
    assert.equal(await withAbilities({ leastSubgroup: 8 }, () => sumsOf(values)), sums);
  });
});

gpuSuite("sums over eight neighbouring threads", (test) => {
  const sumEights = (): GpuProgram<"values" | "out_sums", "unused"> =>
    defineProgram({
      label: "sumEights",
      buffers: { values: "f32", out_sums: "out f32" },
      params: { unused: "u32" },
      uses: [joinEights],
      code: /* wgsl */ `
        @compute @workgroup_size(${rowThreads})
        fn main(@builtin(local_invocation_index) lane: u32) {
          let sum = join_eights(lane, values[lane]);
          let again = join_eights(lane, 2.0 * values[lane]);
          if (lane % 8u == 0u) {
            out_sums[lane / 8u] = sum;
            out_sums[8u + lane / 8u] = again;
          }
        }
      `,
    });

  /** The adapter's own subgroups, as they must hold eight; on adapters with smaller ones, the same version twice. */
  for (const [what, abilities] of Object.entries({ "without subgroups": { leastSubgroup: 0 }, "as opened": {} })) {
    test(`are known to the first of them: ${what}`, async () => {
      const values = createRandomData(36).floats(rowThreads);
      const program = sumEights();
      const sums = await withAbilities(abilities, () =>
        inKernel((memory) => {
          const out_sums = memory.scratch(16, "float32");
          memory.run(program, {
            buffers: { values: onGpu(tf.tensor1d(values)), out_sums },
            params: { unused: 0 },
            groups: 1,
          });
          return valuesOf(out_sums);
        }),
      );
      const eights = Array.from({ length: 8 }, (_, i) =>
        values.subarray(8 * i, 8 * i + 8).reduce((sum, value) => sum + value, 0),
      );
      const expected = [...eights, ...eights.map((sum) => 2 * sum)];
      expectClose("sums", sums as number[], expected, { atol: 1e-5, rtol: 1e-5 });
    });
  }
});

gpuSuite("counts over the threads of a workgroup", (test) => {
  const countTwice = (threads: 64 | 256): GpuProgram<"values" | "out_counts", "unused"> =>
    defineProgram({
      label: "countTwice",
      buffers: { values: "i32", out_counts: "out i32" },
      params: { unused: "u32" },
      uses: [joinCounts(threads)],
      code: /* wgsl */ `
        @compute @workgroup_size(${threads})
        fn main(@builtin(local_invocation_index) lane: u32) {
          let once = join_counts(lane, u32(values[lane]));
          let joined = once + join_counts(lane, 2u * u32(values[lane]));
          out_counts[2u * lane] = i32(joined.x);
          out_counts[2u * lane + 1u] = i32(joined.y);
        }
      `,
    });

  for (const threads of [64, 256] as const) {
    for (const [version, abilities] of Object.entries(versions)) {
      test(`are those before each of ${threads} threads, and of all: ${version}`, async () => {
        const values = createRandomData(35).indices(threads, 1000);
        const program = countTwice(threads);
        const counts = await withAbilities(abilities, () =>
          inKernel((memory) => {
            const out_counts = memory.scratch(2 * threads, "int32");
            const buffers = { values: integersOnGpu(values), out_counts };
            memory.run(program, { buffers, params: { unused: 0 }, groups: 1 });
            return valuesOf(out_counts);
          }),
        );
        if (counts === "no subgroups") return;
        const sumOf = (part: Int32Array): number => 3 * part.reduce((sum, value) => sum + value, 0);
        assert.equal(
          counts,
          [...values].flatMap((_, i) => [sumOf(values.subarray(0, i)), sumOf(values)]),
        );
      });
    }
  }
});

gpuSuite("the abilities of a device", (test) => {
  let backend: GpuBackend;

  test("are what its features say, and what its threads show", async () => {
    ({ backend } = await openGpu());
    const { leastSubgroup, hasFloat16 } = backend.abilities;
    assert.is(hasFloat16, backend.device.features.has("shader-f16"));
    assert.ok(Number.isInteger(leastSubgroup) && leastSubgroup >= 0);
    if (!backend.device.features.has("subgroups")) assert.is(leastSubgroup, 0);
  });
});
