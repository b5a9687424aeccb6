/**
 * WGSL that kernels share whose threads join numbers. Where threads have subgroups, these join by themselves first, and
 * their results meet once in workgroup memory; else threads meet there twice: a tree of halves would cost a barrier a
 * level, and numbers in workgroup memory are read faster than threads meet. Sums are formed in an order that depends on
 * the device alone.
 */
import type { Snippet } from "./program.ts";

/** Threads of a workgroup that sums over a row. */
export const rowThreads = 64;
/** Smaller subgroups save no more than they cost. */
const worthwhileSubgroup = 8;

/** `join_sums(lane, own)`: the sum over all 64 threads of a workgroup, in all of them. */
export const joinSums: Snippet = ({ leastSubgroup }) =>
  leastSubgroup >= worthwhileSubgroup ? sumsOfSubgroups : sumsOfEights;

const sumsOfEights = /* wgsl */ `
  var<workgroup> sums_of_threads: array<f32, ${rowThreads}>;
  var<workgroup> sums_of_eights: array<f32, 8>;

  fn join_sums(lane: u32, own: f32) -> f32 {
    sums_of_threads[lane] = own;
    workgroupBarrier();
    if (lane < 8u) {
      var sum = 0.0;
      for (var i = 0u; i < 8u; i++) { sum += sums_of_threads[lane * 8u + i]; }
      sums_of_eights[lane] = sum;
    }
    workgroupBarrier();
    var sum = 0.0;
    for (var i = 0u; i < 8u; i++) { sum += sums_of_eights[i]; }
    return sum;
  }
`;

const sumsOfSubgroups = /* wgsl */ `
  // Two halves, in turn: while a thread still reads the sums of one call, another writes those of the next.
  var<workgroup> sums_of_subgroups: array<f32, ${2 * rowThreads}>;
  var<private> half_of_sums = 0u;

  fn join_sums(lane: u32, own: f32) -> f32 {
    let size = subgroupAdd(1u);
    let joined = subgroupAdd(own);
    let half = half_of_sums;
    half_of_sums = ${rowThreads}u - half;
    if (subgroupElect()) { sums_of_subgroups[half + lane / size] = joined; }
    workgroupBarrier();
    var sum = 0.0;
    for (var i = 0u; i < ${rowThreads}u / size; i++) { sum += sums_of_subgroups[half + i]; }
    return sum;
  }
`;

/**
 * `join_eights(lane, own)`: the sum over the eight neighbours that a thread of a workgroup of 64 is one of, in the
 * first of them at least.
 */
export const joinEights: Snippet = ({ leastSubgroup }) => (leastSubgroup >= 8 ? eightsOfSubgroups : eightsOfThreads);

const eightsOfThreads = /* wgsl */ `
  var<workgroup> parts_of_eights: array<f32, ${rowThreads}>;

  fn join_eights(lane: u32, own: f32) -> f32 {
    workgroupBarrier();
    parts_of_eights[lane] = own;
    workgroupBarrier();
    var sum = 0.0;
    if (lane % 8u == 0u) {
      for (var i = 0u; i < 8u; i++) { sum += parts_of_eights[lane + i]; }
    }
    return sum;
  }
`;

const eightsOfSubgroups = /* wgsl */ `
  fn join_eights(lane: u32, own: f32) -> f32 {
    let pair = own + subgroupShuffleXor(own, 1u);
    let four = pair + subgroupShuffleXor(pair, 2u);
    return four + subgroupShuffleXor(four, 4u);
  }
`;

/**
 * `join_counts(lane, own)`: the sum over the threads before this one (x), and over all of the workgroup (y).
 * @param threads Of the workgroup.
 */
export function joinCounts(threads: 64 | 256): Snippet {
  return ({ leastSubgroup }) =>
    leastSubgroup >= worthwhileSubgroup ? countsOfSubgroups(threads) : countsOfGroups(threads);
}

function countsOfGroups(threads: number): string {
  const side = Math.sqrt(threads);
  return /* wgsl */ `
    var<workgroup> counts_of_threads: array<u32, ${threads}>;
    var<workgroup> counts_of_groups: array<u32, ${side}>;

    fn join_counts(lane: u32, own: u32) -> vec2u {
      counts_of_threads[lane] = own;
      workgroupBarrier();
      let group = lane / ${side}u;
      if (lane < ${side}u) {
        var sum = 0u;
        for (var i = 0u; i < ${side}u; i++) { sum += counts_of_threads[lane * ${side}u + i]; }
        counts_of_groups[lane] = sum;
      }
      var before = 0u;
      for (var i = group * ${side}u; i < lane; i++) { before += counts_of_threads[i]; }
      workgroupBarrier();
      var total = 0u;
      for (var i = 0u; i < ${side}u; i++) {
        before += select(0u, counts_of_groups[i], i < group);
        total += counts_of_groups[i];
      }
      return vec2u(before, total);
    }
  `;
}

function countsOfSubgroups(threads: number): string {
  return /* wgsl */ `
    var<workgroup> counts_of_subgroups: array<u32, ${2 * threads}>;
    var<private> half_of_counts = 0u;

    fn join_counts(lane: u32, own: u32) -> vec2u {
      let size = subgroupAdd(1u);
      var before = subgroupExclusiveAdd(own);
      let joined = subgroupAdd(own);
      let half = half_of_counts;
      half_of_counts = ${threads}u - half;
      if (subgroupElect()) { counts_of_subgroups[half + lane / size] = joined; }
      workgroupBarrier();
      var total = 0u;
      for (var i = 0u; i < ${threads}u / size; i++) {
        let count = counts_of_subgroups[half + i];
        before += select(0u, count, i < lane / size);
        total += count;
      }
      return vec2u(before, total);
    }
  `;
}
