// The order in which rows of a code are worked on: rows of one expert one after the other, so that its part of the
// dictionary is gathered from a cache and not from memory. No row's result depends on it.
#pragma once

#include "isa.h"
#include "thread-pool.h"

namespace switchyard {
namespace SWITCHYARD_ISA {

constexpr int64_t rowsOfUnit = 32;

/** In `arena`, until its next reset: all rows, by the neighbourhood of their first feature (a counting sort). */
static const int32_t* orderByFirstFeature(const int32_t* indices, int64_t B, int64_t K, int64_t F, Arena& arena) {
  constexpr int64_t neighbourhoods = 256;
  int32_t* const order = arena.ints(B);
  int32_t starts[neighbourhoods + 1] = {};
  for (int64_t b = 0; b < B; b++) starts[indices[b * K] * neighbourhoods / F + 1] += 1;
  for (int64_t i = 0; i < neighbourhoods; i++) starts[i + 1] += starts[i];
  for (int64_t b = 0; b < B; b++) order[starts[indices[b * K] * neighbourhoods / F]++] = static_cast<int32_t>(b);
  return order;
}

}  // namespace SWITCHYARD_ISA
}  // namespace switchyard
