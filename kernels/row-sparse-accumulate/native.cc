// Gradients of a dictionary from (row, feature, coefficient): the pairs are ordered by feature once, and each
// feature's row is then formed in one place, rows ascending. No two threads add to the same number, so there are no
// atomics and the bits are always the same. A row of the gradient lives in the first-level cache only: it is
// squared for the norm, or consumed by Adam, and written out only when somebody asks for the dense gradient.
#include "../native/calls.h"
#include "../native/row-gradient.h"

namespace switchyard {
namespace SWITCHYARD_ISA {

/** A stable counting sort. */
static void sortByFeature(const SortCall& call, ThreadPool&) {
  const int64_t pairs = call.B * call.K;
  int32_t* const starts = call.starts;
  memset(starts, 0, static_cast<size_t>(call.F + 1) * sizeof(int32_t));
  for (int64_t i = 0; i < pairs; i++) starts[call.indices[i] + 1] += 1;
  for (int64_t f = 0; f < call.F; f++) starts[f + 1] += starts[f];
  for (int64_t b = 0; b < call.B; b++) {
    for (int64_t i = b * call.K; i < (b + 1) * call.K; i++) {
      const int32_t at = starts[call.indices[i]]++;
      call.positions[at] = static_cast<int32_t>(i);
      call.rowsOfPairs[at] = static_cast<int32_t>(b);
    }
  }
  // Every start has moved to where the next one was.
  for (int64_t f = call.F; f > 0; f--) starts[f] = starts[f - 1];
  starts[0] = 0;
}

static void rowSparseAccumulate(const RowGradient& gradient, const float* matrix, float* out, ThreadPool& pool) {
  inRanges(pool, gradient.F, featuresOfUnit, [&](int64_t begin, int64_t end) {
    for (int64_t f = begin; f < end; f++) formRow(gradient, matrix, f, out + f * gradient.D);
  });
}

static double rowSparseSquaredNorm(const RowGradient& gradient, const float* matrix, ThreadPool& pool) {
  Arena& memory = pool.lists();
  memory.reset();
  const int64_t units = ceilDivide(gradient.F, featuresOfUnit);
  double* const partial = static_cast<double*>(memory.take(static_cast<size_t>(units) * sizeof(double)));
  inParallel(pool, units, [&](int64_t unit, Arena& arena) {
    float* const row = arena.floats(gradient.D);
    double sum = 0;
    for (int64_t f = unit * featuresOfUnit; f < smaller(gradient.F, (unit + 1) * featuresOfUnit); f++) {
      if (gradient.starts[f] == gradient.starts[f + 1]) continue;
      formRow(gradient, matrix, f, row);
      sum += dotRows(row, row, gradient.D);
    }
    partial[unit] = sum;
  });
  double sum = 0;
  for (int64_t unit = 0; unit < units; unit++) sum += partial[unit];
  return sum;
}

}  // namespace SWITCHYARD_ISA
}  // namespace switchyard
