// Sums over long ranges: short stretches in float32 vectors, joined in float64 in their order, so that neither the
// number of threads nor the length of the range costs accuracy or bits.
#pragma once

#include "parallel.h"

namespace switchyard {
namespace SWITCHYARD_ISA {

constexpr int64_t stretch = 1024;
constexpr int64_t stretchesOfUnit = 32;

/** sumOf(begin, end) is the float32 sum of one stretch. */
template <typename SumOf>
static double sumStretches(ThreadPool& pool, int64_t size, const SumOf& sumOf) {
  constexpr int64_t length = stretch * stretchesOfUnit;
  Arena& memory = pool.lists();
  memory.reset();
  const int64_t units = ceilDivide(size, length);
  double* const partial = static_cast<double*>(memory.take(static_cast<size_t>(units + 1) * sizeof(double)));
  inParallel(pool, units, [&](int64_t unit, Arena&) {
    const int64_t end = smaller(size, (unit + 1) * length);
    double sum = 0;
    for (int64_t at = unit * length; at < end; at += stretch) sum += sumOf(at, smaller(end, at + stretch));
    partial[unit] = sum;
  });
  double sum = 0;
  for (int64_t unit = 0; unit < units; unit++) sum += partial[unit];
  return sum;
}

}  // namespace SWITCHYARD_ISA
}  // namespace switchyard
