// Rows grouped by expert: a stable counting sort of the (row, slot) pairs, so that each expert's work is one dense
// product, and sums over rows have a fixed order.
#pragma once

#include "isa.h"
#include "thread-pool.h"

namespace switchyard {
namespace SWITCHYARD_ISA {

struct ExpertGroups {
  /** [E + 1] */
  int32_t* starts;
  /** [B R] pairs b R + r, ascending within an expert. */
  int32_t* pairs;
  /** [B R] the rows b of the pairs. */
  int32_t* rows;
  int64_t size(int64_t expert) const { return starts[expert + 1] - starts[expert]; }
};

/** In `arena`, until its next reset. @param experts [B, R], each in [0, E). */
static ExpertGroups groupByExpert(const int32_t* experts, int64_t B, int64_t R, int64_t E, Arena& arena) {
  ExpertGroups groups{arena.ints(E + 1), arena.ints(B * R), arena.ints(B * R)};
  int32_t* const next = arena.ints(E + 1);
  memset(next, 0, static_cast<size_t>(E + 1) * sizeof(int32_t));
  for (int64_t pair = 0; pair < B * R; pair++) next[experts[pair] + 1] += 1;
  for (int64_t e = 0; e < E; e++) next[e + 1] += next[e];
  memcpy(groups.starts, next, static_cast<size_t>(E + 1) * sizeof(int32_t));
  for (int64_t pair = 0; pair < B * R; pair++) {
    const int32_t at = next[experts[pair]]++;
    groups.pairs[at] = static_cast<int32_t>(pair);
    groups.rows[at] = static_cast<int32_t>(pair / R);
  }
  return groups;
}

}  // namespace SWITCHYARD_ISA
}  // namespace switchyard
