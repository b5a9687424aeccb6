/**
 * tfjs' sum in WGSL, a group of neighbouring axes at a time: [outer, reduced, inner] to [outer, inner]. Rows are summed by
 * a workgroup each; columns without a transposition, in parts of 64 rows that are then joined. Every sum is formed in a
 * fixed order.
 */
import * as tf from "@tensorflow/tfjs";
import { gpuVersion, type KernelVersion } from "../kernel-version.ts";
import type { GpuMemory } from "../webgpu/contracts.ts";
import { joinSums, rowThreads } from "../webgpu/joining.ts";
import { defineProgram, entryPoint } from "../webgpu/program.ts";

const rowsOfPart = 64;

const sumRows = defineProgram({
  label: "sumRows",
  buffers: { x: "f32", out_sums: "out f32" },
  params: { rows: "u32", width: "u32" },
  uses: [joinSums],
  code: /* wgsl */ `
    ${entryPoint(rowThreads)} {
      let row = group_index(id, groups);
      if (row >= params.rows) { return; }
      var own = 0.0;
      for (var column = lane; column < params.width; column += ${rowThreads}u) { own += x[row * params.width + column]; }
      let sum = join_sums(lane, own);
      if (lane == 0u) { out_sums[row] = sum; }
    }
  `,
});

/** A thread an output, for rows so short that threads would wait for each other longer than they add. */
const sumShortRows = defineProgram({
  label: "sumShortRows",
  buffers: { x: "f32", out_sums: "out f32" },
  params: { rows: "u32", width: "u32" },
  code: /* wgsl */ `
    ${entryPoint(64)} {
      let row = group_index(id, groups) * 64u + lane;
      if (row >= params.rows) { return; }
      var sum = 0.0;
      for (var column = 0u; column < params.width; column++) { sum += x[row * params.width + column]; }
      out_sums[row] = sum;
    }
  `,
});

const sumColumns = defineProgram({
  label: "sumColumns",
  buffers: { x: "f32", out_parts: "out f32" },
  params: { size: "u32", parts: "u32", reduced: "u32", inner: "u32" },
  code: /* wgsl */ `
    /// Outputs are [outer, parts, inner].
    ${entryPoint(64)} {
      let i = group_index(id, groups) * 64u + lane;
      if (i >= params.size) { return; }
      let column = i % params.inner;
      let part = (i / params.inner) % params.parts;
      let outer = i / params.inner / params.parts;
      let end = min(params.reduced, (part + 1u) * ${rowsOfPart}u);
      var sum = 0.0;
      for (var row = part * ${rowsOfPart}u; row < end; row++) {
        sum += x[(outer * params.reduced + row) * params.inner + column];
      }
      out_parts[i] = sum;
    }
  `,
});

/** Rows of at most so many numbers are a thread's. */
const shortRow = 32;

interface Extents {
  readonly outer: number;
  readonly reduced: number;
  readonly inner: number;
}

/** @param x float32 [outer, reduced, inner]. @returns [outer * inner] */
function sumMiddle(memory: GpuMemory, x: tf.TensorInfo, { outer, reduced, inner }: Extents): tf.Tensor {
  const out = memory.allocate([outer * inner], "float32");
  if (inner === 1) {
    const params = { rows: outer, width: reduced };
    const buffers = { x, out_sums: out };
    if (reduced <= shortRow) memory.run(sumShortRows, { buffers, params, groups: Math.ceil(outer / 64) });
    else memory.run(sumRows, { buffers, params, groups: outer });
    return out;
  }
  const parts = Math.ceil(reduced / rowsOfPart);
  const size = outer * parts * inner;
  const target: tf.TensorInfo = parts === 1 ? out : memory.scratch(size, "float32");
  memory.run(sumColumns, {
    buffers: { x, out_parts: target },
    params: { size, parts, reduced, inner },
    groups: Math.ceil(size / 64),
  });
  if (parts === 1) return out;
  out.dispose();
  return sumMiddle(memory, target, { outer, reduced: parts, inner });
}

/** Ascending axes as runs of neighbours: from the first to before the last. */
function groupsOf(axes: readonly number[]): { readonly from: number; readonly to: number }[] {
  const groups: { from: number; to: number }[] = [];
  for (const axis of axes) {
    const last = groups.at(-1);
    if (last?.to === axis) last.to += 1;
    else groups.push({ from: axis, to: axis + 1 });
  }
  return groups;
}

export const reduceWebGpu: readonly KernelVersion[] = [
  gpuVersion(
    tf.Sum,
    (
      memory,
      { x }: { readonly x: tf.Tensor },
      attrs: { readonly axis: number | number[]; readonly keepDims: boolean },
    ) => {
      const axes = tf.util.parseAxisParam(attrs.axis, x.shape).sort((a, b) => a - b);
      const kept = x.shape.filter((_, axis) => !axes.includes(axis));
      const shape = attrs.keepDims ? x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size)) : kept;
      const dtype = x.dtype === "float32" ? "float32" : "int32";
      if (x.size === 0) return tf.zeros(shape, dtype);
      // Axes that lie apart are summed one group after the other, the last first.
      let sums: tf.Tensor = x;
      for (const { from, to } of groupsOf(axes).reverse()) {
        const extents = {
          outer: tf.util.sizeFromShape(x.shape.slice(0, from)),
          reduced: tf.util.sizeFromShape(x.shape.slice(from, to)),
          inner: sums.size / tf.util.sizeFromShape(x.shape.slice(0, to)),
        };
        sums = sumMiddle(memory, sums, extents);
      }
      return tf.cast(tf.reshape(sums, shape), dtype);
    },
  ),
];
