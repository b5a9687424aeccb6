// exp of a vector, within 2 units in the last place: x = n ln 2 + r with |r| <= ln 2 / 2, exp(x) = 2^n P(r). Above
// 88.72 the result is infinite, below -87.33 zero (float32's subnormal results are flushed), not-a-number stays.
#pragma once

#include "isa.h"

namespace switchyard {
namespace SWITCHYARD_ISA {

SWITCHYARD_INLINE vec exponential(vec x) {
  const vec largest = splat(88.7228391f);
  const vec smallest = splat(-87.3365479f);
  vec bounded = x < largest ? x : largest;
  bounded = bounded > smallest ? bounded : smallest;
  // Adding and taking away 1.5 * 2^23 rounds to the nearest whole number.
  const vec magic = splat(12582912.0f);
  const vec n = (bounded * splat(1.44269504f) + magic) - magic;
  const vec r = (bounded - n * splat(0.693359375f)) - n * splat(-2.12194440e-4f);
  vec p = splat(1.0f / 5040);
  p = p * r + splat(1.0f / 720);
  p = p * r + splat(1.0f / 120);
  p = p * r + splat(1.0f / 24);
  p = p * r + splat(1.0f / 6);
  p = p * r + splat(0.5f);
  p = p * r + splat(1.0f);
  p = p * r + splat(1.0f);
  // 2^n in two factors: n reaches 128, whose power alone is no float.
  const vecInt whole = __builtin_convertvector(n, vecInt);
  const vecInt half = whole >> 1;
  vec low;
  vec high;
  const vecInt lowBits = (half + 127) << 23;
  const vecInt highBits = (whole - half + 127) << 23;
  memcpy(&low, &lowBits, sizeof low);
  memcpy(&high, &highBits, sizeof high);
  vec result = p * low * high;
  result = x > largest ? splat(__builtin_inff()) : result;
  result = x < smallest ? vec{} : result;
  return x == x ? result : x;
}

}  // namespace SWITCHYARD_ISA
}  // namespace switchyard
