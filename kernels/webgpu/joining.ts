/**
 * WGSL that kernels share whose threads join numbers. Both helpers cost two barriers: a tree of halves would cost one
 * a level, and numbers in workgroup memory are read faster than threads meet. Sums are formed in a fixed order.
 */

/** Threads of a workgroup that sums over a row. */
export const rowThreads = 64;

export const joinSums = /* wgsl */ `
  var<workgroup> sums_of_threads: array<f32, ${rowThreads}>;
  var<workgroup> sums_of_eights: array<f32, 8>;

  /// The sum over all ${rowThreads} threads of a workgroup, in all of them.
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

/** @param threads Of the workgroup: 64 or 256. */
export function joinCounts(threads: 64 | 256): string {
  const side = Math.sqrt(threads);
  return /* wgsl */ `
    var<workgroup> counts_of_threads: array<u32, ${threads}>;
    var<workgroup> counts_of_groups: array<u32, ${side}>;

    /// The sum over the threads before this one (x), and over all ${threads} of the workgroup (y).
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
