// Softmax over the last axis: three passes over a row that stays in the first-level cache.
#include "../native/calls.h"
#include "../native/exponential.h"
#include "../native/sums.h"

namespace switchyard {
namespace SWITCHYARD_ISA {

static void softmaxRow(const float* in, float* out, int64_t width) {
  float largest = in[0];
  for (int64_t i = 1; i < width; i++) largest = in[i] > largest ? in[i] : largest;
  double sum = 0;
  int64_t i = 0;
  while (i + lanes <= width) {
    const int64_t end = smaller(width, i + stretch);
    vec part{};
    for (; i + lanes <= end; i += lanes) {
      const vec value = exponential(load(in + i) - splat(largest));
      store(out + i, value);
      part += value;
    }
    sum += sumOfLanes(part);
  }
  if (i < width) {
    const vec value = exponential(loadPart(in + i, width - i) - splat(largest));
    storePart(out + i, value, width - i);
    for (int64_t j = 0; j < width - i; j++) sum += value[j];
  }
  const vec scale = splat(static_cast<float>(1 / sum));
  for (i = 0; i + lanes <= width; i += lanes) store(out + i, load(out + i) * scale);
  if (i < width) storePart(out + i, loadPart(out + i, width - i) * scale, width - i);
}

static void softmax(const RowsCall& call, ThreadPool& pool) {
  inRanges(pool, call.rows, 1 + 8192 / call.width, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; b++) softmaxRow(call.in + b * call.width, call.out + b * call.width, call.width);
  });
}

}  // namespace SWITCHYARD_ISA
}  // namespace switchyard
