// The decoder's constraint, row by row.
#include "../native/calls.h"
#include "../native/row-gradient.h"

namespace switchyard {
namespace SWITCHYARD_ISA {

/** out may be the input itself. */
static void normaliseRows(const RowsCall& call, ThreadPool& pool) {
  const int64_t D = call.width;
  inRanges(pool, call.rows, featuresOfUnit, [&](int64_t begin, int64_t end) {
    for (int64_t f = begin; f < end; f++) {
      const float* const in = call.in + f * D;
      float* const out = call.out + f * D;
      const float norm = __builtin_sqrtf(dotRows(in, in, D));
      const float scale = norm > 0 ? 1 / norm : 0;
      int64_t d = 0;
      for (; d + lanes <= D; d += lanes) store(out + d, splat(scale) * load(in + d));
      for (; d < D; d++) out[d] = scale * in[d];
    }
  });
}

/** in: the gradient, other: the matrix. */
static void removeParallelComponent(const RowsCall& call, ThreadPool& pool) {
  const int64_t D = call.width;
  inRanges(pool, call.rows, featuresOfUnit, [&](int64_t begin, int64_t end) {
    for (int64_t f = begin; f < end; f++) {
      memcpy(call.out + f * D, call.in + f * D, static_cast<size_t>(D) * sizeof(float));
      removeAlong(call.out + f * D, call.other + f * D, D);
    }
  });
}

}  // namespace SWITCHYARD_ISA
}  // namespace switchyard
