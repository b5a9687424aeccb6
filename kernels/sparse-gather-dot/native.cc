// Sparse gather-dot: K dot products a row, four dictionary rows at a time so that a row is loaded a quarter as often.
#include "../native/calls.h"
#include "../native/row-order.h"
#include "../native/scaled-rows.h"

namespace switchyard {
namespace SWITCHYARD_ISA {

static void dotFour(const float* row, const float* const weights[4], int64_t width, float* out) {
  vec sum[4][2] = {};
  int64_t d = 0;
  for (; d + 2 * lanes <= width; d += 2 * lanes) {
    const vec left = load(row + d);
    const vec right = load(row + d + lanes);
    for (int i = 0; i < 4; i++) {
      sum[i][0] += left * load(weights[i] + d);
      sum[i][1] += right * load(weights[i] + d + lanes);
    }
  }
  for (; d < width; d += lanes) {
    const int64_t count = smaller(lanes, width - d);
    const vec left = count == lanes ? load(row + d) : loadPart(row + d, count);
    for (int i = 0; i < 4; i++) {
      sum[i][0] += left * (count == lanes ? load(weights[i] + d) : loadPart(weights[i] + d, count));
    }
  }
  for (int i = 0; i < 4; i++) out[i] = sumOfLanes(sum[i][0] + sum[i][1]);
}

static void sparseGatherDot(const SparseCall& call, ThreadPool& pool) {
  pool.lists().reset();
  const int32_t* const order = orderByFirstFeature(call.indices, call.B, call.K, call.F, pool.lists());
  inRanges(pool, call.B, rowsOfUnit, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t b = order[i];
      const int32_t* const indices = call.indices + b * call.K;
      const float* const row = call.rows + b * call.D;
      float* const out = call.out + b * call.K;
      for (int64_t k = 0; k < call.K; k += 4) {
        // The last few are completed by repeating one of them.
        const float* weights[4];
        float dots[4];
        const int64_t count = smaller(4, call.K - k);
        for (int64_t j = 0; j < 4; j++) weights[j] = call.weights + indices[k + (j < count ? j : 0)] * call.D;
        dotFour(row, weights, call.D, dots);
        memcpy(out + k, dots, static_cast<size_t>(count) * sizeof(float));
      }
    }
  });
}

}  // namespace SWITCHYARD_ISA
}  // namespace switchyard
