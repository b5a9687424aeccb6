// Sums and largest values along one axis. A sum over the last axis is formed in stretches (float32 within, float64
// between); over another axis row by row in blocks of a fixed length, joined in their order.
#include "../native/calls.h"
#include "../native/parallel.h"
#include "../native/sums.h"

namespace switchyard {
namespace SWITCHYARD_ISA {

static float sumOfRow(const float* in, int64_t size) {
  double total = 0;
  for (int64_t at = 0; at < size; at += stretch) {
    const int64_t end = smaller(size, at + stretch);
    vec sum[2] = {};
    int64_t i = at;
    for (; i + 2 * lanes <= end; i += 2 * lanes) {
      sum[0] += load(in + i);
      sum[1] += load(in + i + lanes);
    }
    for (; i < end; i += lanes) sum[0] += loadPart(in + i, smaller(lanes, end - i));
    total += sumOfLanes(sum[0] + sum[1]);
  }
  return static_cast<float>(total);
}

/** Not-a-number where one is among them. */
static float maximumOfRow(const float* in, int64_t size) {
  float largest = -__builtin_inff();
  bool isNumber = true;
  for (int64_t i = 0; i < size; i++) {
    isNumber = isNumber && in[i] == in[i];
    largest = in[i] > largest ? in[i] : largest;
  }
  return isNumber ? largest : __builtin_nanf("");
}

/** out[inner] = the reduction of `count` rows of length `inner`, `inner` apart. */
static void reduceRows(Reduction operation, const float* in, int64_t count, int64_t inner, float* out) {
  memcpy(out, in, static_cast<size_t>(inner) * sizeof(float));
  for (int64_t r = 1; r < count; r++) {
    const float* const row = in + r * inner;
    int64_t i = 0;
    if (operation == Reduction::sum) {
      for (; i + lanes <= inner; i += lanes) store(out + i, load(out + i) + load(row + i));
      for (; i < inner; i++) out[i] += row[i];
    } else {
      for (; i < inner; i++) out[i] = row[i] > out[i] || row[i] != row[i] ? row[i] : out[i];
    }
  }
}

static void reduceOther(const ReduceCall& call, ThreadPool& pool) {
  constexpr int64_t rowsOfBlock = 128;
  const int64_t blocks = ceilDivide(call.reduced, rowsOfBlock);
  Arena& memory = pool.lists();
  memory.reset();
  float* const partial = memory.floats(call.outer * blocks * call.inner);
  inParallel(pool, call.outer * blocks, [&](int64_t unit, Arena&) {
    const int64_t first = unit % blocks * rowsOfBlock;
    const float* const in = call.in + (unit / blocks * call.reduced + first) * call.inner;
    reduceRows(call.operation, in, smaller(rowsOfBlock, call.reduced - first), call.inner, partial + unit * call.inner);
  });
  for (int64_t outer = 0; outer < call.outer; outer++) {
    const float* const from = partial + outer * blocks * call.inner;
    float* const out = call.out + outer * call.inner;
    if (call.operation == Reduction::maximum) {
      reduceRows(call.operation, from, blocks, call.inner, out);
      continue;
    }
    for (int64_t i = 0; i < call.inner; i++) {
      double sum = 0;
      for (int64_t block = 0; block < blocks; block++) sum += from[block * call.inner + i];
      out[i] = static_cast<float>(sum);
    }
  }
}

/** All three sizes are at least 1. */
static void reduce(const ReduceCall& call, ThreadPool& pool) {
  if (call.inner > 1) return reduceOther(call, pool);
  if (call.outer == 1 && call.operation == Reduction::sum) {
    call.out[0] = static_cast<float>(sumStretches(pool, call.reduced, [&](int64_t begin, int64_t end) {
      return sumOfRow(call.in + begin, end - begin);
    }));
    return;
  }
  inRanges(pool, call.outer, 1 + 16384 / call.reduced, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const float* const in = call.in + i * call.reduced;
      call.out[i] = call.operation == Reduction::sum ? sumOfRow(in, call.reduced) : maximumOfRow(in, call.reduced);
    }
  });
}

}  // namespace SWITCHYARD_ISA
}  // namespace switchyard
