// The squared error of a reconstruction and its gradient, one pass each.
#include "../native/calls.h"
#include "../native/sums.h"

namespace switchyard {
namespace SWITCHYARD_ISA {

/** Sum of (in - other)^2 over all rows. */
static double squaredError(const RowsCall& call, ThreadPool& pool) {
  return sumStretches(pool, call.rows * call.width, [&](int64_t begin, int64_t end) {
    vec sum[2] = {};
    int64_t i = begin;
    for (; i + 2 * lanes <= end; i += 2 * lanes) {
      for (int v = 0; v < 2; v++) {
        const vec difference = load(call.in + i + v * lanes) - load(call.other + i + v * lanes);
        sum[v] += difference * difference;
      }
    }
    for (; i < end; i += lanes) {
      const int64_t count = smaller(lanes, end - i);
      const vec difference = loadPart(call.in + i, count) - loadPart(call.other + i, count);
      sum[0] += difference * difference;
    }
    return sumOfLanes(sum[0] + sum[1]);
  });
}

/** out = scale (in - other) */
static void squaredErrorGradient(const RowsCall& call, float scale, ThreadPool& pool) {
  inRanges(pool, call.rows * call.width, 16384, [&](int64_t begin, int64_t end) {
    int64_t i = begin;
    for (; i + lanes <= end; i += lanes) {
      store(call.out + i, splat(scale) * (load(call.in + i) - load(call.other + i)));
    }
    for (; i < end; i++) call.out[i] = scale * (call.in[i] - call.other[i]);
  });
}

}  // namespace SWITCHYARD_ISA
}  // namespace switchyard
