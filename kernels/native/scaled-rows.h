// out = sum of coefficient * row over a few rows of a matrix: the inner loop of decoding and of the dictionary's
// gradients. A strip of the sum stays in registers while all rows pass, so the sum is written once and never read.
#pragma once

#include "isa.h"

namespace switchyard {
namespace SWITCHYARD_ISA {

/** The terms of one sum. */
struct ScaledRows {
  /** [count] which row of the matrix a term takes. */
  const int32_t* rows;
  const float* coefficients;
  /** [count] where a term's coefficient is, or null: coefficients [count] lie in order. */
  const int32_t* positions;
  int64_t count;
};

template <bool viaPositions>
SWITCHYARD_INLINE void sumStrips(const ScaledRows& terms, const float* matrix, int64_t width, float* out) {
  constexpr int strip = 12;
  int64_t d = 0;
  const auto rowOf = [&](int64_t i) { return matrix + terms.rows[i] * width; };
  const auto coefficientOf = [&](int64_t i) { return terms.coefficients[viaPositions ? terms.positions[i] : i]; };
  for (; d + strip * lanes <= width; d += strip * lanes) {
    vec sum[strip] = {};
    for (int64_t i = 0; i < terms.count; i++) {
      const vec coefficient = splat(coefficientOf(i));
      const float* const row = rowOf(i) + d;
#pragma GCC unroll 12
      for (int v = 0; v < strip; v++) sum[v] += coefficient * load(row + v * lanes);
    }
    for (int v = 0; v < strip; v++) store(out + d + v * lanes, sum[v]);
  }
  for (; d + lanes <= width; d += lanes) {
    vec sum{};
    for (int64_t i = 0; i < terms.count; i++) sum += splat(coefficientOf(i)) * load(rowOf(i) + d);
    store(out + d, sum);
  }
  if (d == width) return;
  vec sum{};
  for (int64_t i = 0; i < terms.count; i++) sum += splat(coefficientOf(i)) * loadPart(rowOf(i) + d, width - d);
  storePart(out + d, sum, width - d);
}

/** out [width], not aliased with the matrix. */
static void sumScaledRows(const ScaledRows& terms, const float* matrix, int64_t width, float* out) {
  if (terms.positions != nullptr) sumStrips<true>(terms, matrix, width, out);
  else sumStrips<false>(terms, matrix, width, out);
}

/** Sum of a * b over [0, width), in four chains. */
SWITCHYARD_INLINE float dotRows(const float* a, const float* b, int64_t width) {
  vec sum[4] = {};
  int64_t d = 0;
  for (; d + 4 * lanes <= width; d += 4 * lanes) {
    for (int v = 0; v < 4; v++) sum[v] += load(a + d + v * lanes) * load(b + d + v * lanes);
  }
  for (; d + lanes <= width; d += lanes) sum[0] += load(a + d) * load(b + d);
  if (d < width) sum[1] += loadPart(a + d, width - d) * loadPart(b + d, width - d);
  return sumOfLanes((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

}  // namespace SWITCHYARD_ISA
}  // namespace switchyard
