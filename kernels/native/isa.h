// The vector type of one instruction set. Every kernel is written once over `vec`, a GCC/Clang vector of `lanes`
// floats, and compiled once an instruction set: the build passes
//
//   SWITCHYARD_ISA      the namespace, e.g. avx2
//   SWITCHYARD_LANES    floats in a vector register
//   SWITCHYARD_ROWS     rows of a register tile of the matrix product (micro-kernel.h)
//   SWITCHYARD_VECTORS  vectors of a register tile
//
// HAZARD: these files are compiled for processors that the machine may not have. A template or inline function of
// the standard library that they instantiate could be merged by the linker with the baseline's copy of it, and then
// crash a machine without AVX-512. So they include C headers only, and everything here is static.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define SWITCHYARD_INLINE static inline __attribute__((always_inline))

namespace switchyard {
namespace SWITCHYARD_ISA {

constexpr int lanes = SWITCHYARD_LANES;
typedef float vec __attribute__((vector_size(4 * SWITCHYARD_LANES)));
typedef int32_t vecInt __attribute__((vector_size(4 * SWITCHYARD_LANES)));
// The same in memory, where JavaScript's arrays are aligned to a float only.
typedef float looseVec __attribute__((vector_size(4 * SWITCHYARD_LANES), aligned(4), may_alias));

SWITCHYARD_INLINE vec load(const float* from) { return *reinterpret_cast<const looseVec*>(from); }

SWITCHYARD_INLINE void store(float* to, vec value) { *reinterpret_cast<looseVec*>(to) = value; }

SWITCHYARD_INLINE vec splat(float value) { return value - vec{}; }

SWITCHYARD_INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

SWITCHYARD_INLINE int64_t ceilDivide(int64_t a, int64_t b) { return (a + b - 1) / b; }

/** The first `count` floats, at most a vector of them, and zeros behind; reads nothing beyond. */
SWITCHYARD_INLINE vec loadPart(const float* from, int64_t count) {
  vec value{};
  for (int i = 0; i < lanes; i++) {
    if (i < count) value[i] = from[i];
  }
  return value;
}

SWITCHYARD_INLINE void storePart(float* to, vec value, int64_t count) {
  for (int i = 0; i < lanes; i++) {
    if (i < count) to[i] = value[i];
  }
}

/** Pairwise, so that the order does not depend on how the compiler sees the loop. */
SWITCHYARD_INLINE float sumOfLanes(vec value) {
  float part[lanes];
  memcpy(part, &value, sizeof value);
  for (int width = lanes / 2; width > 0; width /= 2) {
    for (int i = 0; i < width; i++) part[i] += part[i + width];
  }
  return part[0];
}

SWITCHYARD_INLINE vec squareRoot(vec value) {
#if defined(__AVX512F__) && SWITCHYARD_LANES == 16
  return _mm512_sqrt_ps(value);
#elif defined(__AVX__) && SWITCHYARD_LANES == 8
  return _mm256_sqrt_ps(value);
#elif defined(__SSE2__) && SWITCHYARD_LANES == 4
  return _mm_sqrt_ps(value);
#else
  for (int i = 0; i < lanes; i++) value[i] = __builtin_sqrtf(value[i]);
  return value;
#endif
}

/** Bit i is set where a[i] > b[i]; never for a not-a-number. */
SWITCHYARD_INLINE uint32_t greaterMask(vec a, vec b) {
#if defined(__AVX512F__) && SWITCHYARD_LANES == 16
  return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ);
#elif defined(__AVX__) && SWITCHYARD_LANES == 8
  return static_cast<uint32_t>(_mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_GT_OQ)));
#elif defined(__SSE2__) && SWITCHYARD_LANES == 4
  return static_cast<uint32_t>(_mm_movemask_ps(_mm_cmpgt_ps(a, b)));
#else
  const vecInt greater = a > b;
  uint32_t mask = 0;
  for (int i = 0; i < lanes; i++) mask |= static_cast<uint32_t>(greater[i] & 1) << i;
  return mask;
#endif
}

}  // namespace SWITCHYARD_ISA
}  // namespace switchyard
