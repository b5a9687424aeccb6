/** Each helper in both of its versions, where the adapter has subgroups of any size; else in the one without. */
import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { GpuBackend } from "../../../kernels/webgpu/contracts.ts";
import { joinCounts, joinEights, joinSums, rowThreads } from "../../../kernels/webgpu/joining.ts";
import { defineProgram, type GpuAbilities, type Snippet } from "../../../kernels/webgpu/program.ts";
import { expectClose } from "../../conformance/conformance-case.ts";
import { createRandomData } from "../../conformance/kernels/random-data.ts";
import { gpuSuite, inKernel, onGpu, openGpu, valuesOf } from "./gpu-suite.ts";

/** Runs with programs that may use what `abilities` says. */
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

interface Stored {
  readonly threads: number;
  /** Numbers that all of them store together. */
  readonly count: number;
  /** WGSL that uses `lane` and `values`, and stores into `out_numbers`. */
  readonly code: string;
}

/** What the threads of a workgroup store that use a helper: a program of its own, compiled anew by each call. */
function storedBy(helper: Snippet, { threads, count, code }: Stored, values: tf.Tensor1D): number[] {
  const [element, dtype] = values.dtype === "float32" ? (["f32", "float32"] as const) : (["i32", "int32"] as const);
  const program = defineProgram({
    label: "storedBy",
    buffers: { values: element, out_numbers: `out ${element}` },
    params: { unused: "u32" },
    uses: [helper],
    code: /* wgsl */ `
      @compute @workgroup_size(${threads})
      fn main(@builtin(local_invocation_index) lane: u32) { ${code} }
    `,
  });
  return inKernel((memory) => {
    const out_numbers = memory.scratch(count, dtype);
    memory.run(program, { buffers: { values: onGpu(values), out_numbers }, params: { unused: 0 }, groups: 1 });
    return valuesOf(out_numbers);
  });
}

/** Three sums, each through the memory of the one before. */
function sumsOf(values: Float32Array): number[] {
  const code = /* wgsl */ `
    out_numbers[3u * lane] = join_sums(lane, values[lane]);
    out_numbers[3u * lane + 1u] = join_sums(lane, 3.0 * values[lane]);
    out_numbers[3u * lane + 2u] = join_sums(lane, values[lane] * values[lane]);
  `;
  return storedBy(joinSums, { threads: rowThreads, count: 3 * rowThreads, code }, tf.tensor1d(values));
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
  const code = /* wgsl */ `
    let sum = join_eights(lane, values[lane]);
    let again = join_eights(lane, 2.0 * values[lane]);
    if (lane % 8u == 0u) {
      out_numbers[lane / 8u] = sum;
      out_numbers[8u + lane / 8u] = again;
    }
  `;

  /** The adapter's own subgroups, as they must hold eight; on adapters with smaller ones, the same version twice. */
  for (const [what, abilities] of Object.entries({ "without subgroups": { leastSubgroup: 0 }, "as opened": {} })) {
    test(`are known to the first of them: ${what}`, async () => {
      const values = createRandomData(36).floats(rowThreads);
      const sums = await withAbilities(abilities, () =>
        storedBy(joinEights, { threads: rowThreads, count: 16, code }, tf.tensor1d(values)),
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
  const code = /* wgsl */ `
    let once = join_counts(lane, u32(values[lane]));
    let joined = once + join_counts(lane, 2u * u32(values[lane]));
    out_numbers[2u * lane] = i32(joined.x);
    out_numbers[2u * lane + 1u] = i32(joined.y);
  `;

  for (const threads of [64, 256] as const) {
    for (const [version, abilities] of Object.entries(versions)) {
      test(`are those before each of ${threads} threads, and of all: ${version}`, async () => {
        const values = createRandomData(35).indices(threads, 1000);
        const counts = await withAbilities(abilities, () =>
          storedBy(joinCounts(threads), { threads, count: 2 * threads, code }, tf.tensor1d(values, "int32")),
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
