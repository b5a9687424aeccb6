// The arithmetic peak: multiply-adds that never leave the registers.
#pragma once

#include "micro-kernel.h"
#include "parallel.h"

namespace switchyard {
namespace SWITCHYARD_ISA {

/** @returns Floating-point operations done by all threads together. */
static double peak(int64_t rounds, ThreadPool& pool) {
  const int64_t units = pool.threads();
  inParallel(pool, units, [&](int64_t, Arena& arena) {
    float* const operands = arena.floats(tileColumns + tileRows);
    for (int i = 0; i < tileColumns + tileRows; i++) operands[i] = 0.5f;
    Tile tile{};
    for (int64_t round = 0; round < rounds; round++) {
      for (int r = 0; r < tileRows; r++) {
        for (int v = 0; v < tileVectors; v++) {
          tile.at[r][v] = tile.at[r][v] * splat(0.5f) + splat(0.25f);
        }
      }
#if defined(__GNUC__)
      // Without this the compiler would fold rounds into one another.
      asm volatile("" : "+m"(*operands));
#endif
    }
    float sum = 0;
    for (int r = 0; r < tileRows; r++) {
      for (int v = 0; v < tileVectors; v++) sum += sumOfLanes(tile.at[r][v]);
    }
    operands[0] = sum;
    asm volatile("" : "+m"(*operands));
  });
  return 2.0 * static_cast<double>(units * rounds) * tileRows * tileColumns;
}

}  // namespace SWITCHYARD_ISA
}  // namespace switchyard
