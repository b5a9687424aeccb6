// The best candidates of one row. A candidate carries its whole order in one number: the bits of its positive key
// above, the complement of its index below, so that a larger key comes first and among equal keys the lower index.
#pragma once

#include "../native/isa.h"

namespace switchyard {
namespace SWITCHYARD_ISA {

struct Candidate {
  uint64_t order;
  float value;
  int32_t slot;
};

/** @param key Positive: the bits of positive floats are ordered as the floats are. */
SWITCHYARD_INLINE uint64_t orderOf(float key, int64_t index) {
  uint32_t bits;
  memcpy(&bits, &key, sizeof bits);
  return static_cast<uint64_t>(bits) << 32 | (0xffffffffu - static_cast<uint32_t>(index));
}

SWITCHYARD_INLINE int64_t indexOf(uint64_t order) { return 0xffffffffu - static_cast<uint32_t>(order); }

SWITCHYARD_INLINE float keyOf(uint64_t order) {
  const uint32_t bits = static_cast<uint32_t>(order >> 32);
  float key;
  memcpy(&key, &bits, sizeof key);
  return key;
}

SWITCHYARD_INLINE void swapCandidates(Candidate& a, Candidate& b) {
  const Candidate held = a;
  a = b;
  b = held;
}

/** Brings the k best of `count` > k candidates to the front, in no order (Hoare's selection, median of three). */
static void selectBest(Candidate* at, int64_t count, int64_t k) {
  int64_t low = 0;
  int64_t high = count - 1;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (at[middle].order > at[low].order) swapCandidates(at[middle], at[low]);
    if (at[high].order > at[low].order) swapCandidates(at[high], at[low]);
    if (at[high].order > at[middle].order) swapCandidates(at[high], at[middle]);
    const uint64_t pivot = at[middle].order;
    int64_t i = low;
    int64_t j = high;
    while (i <= j) {
      while (at[i].order > pivot) i++;
      while (at[j].order < pivot) j--;
      if (i <= j) swapCandidates(at[i++], at[j--]);
    }
    if (k - 1 <= j) high = j;
    else if (k - 1 >= i) low = i;
    else return;
  }
}

static uint64_t lowestOrder(const Candidate* at, int64_t count) {
  uint64_t lowest = at[0].order;
  for (int64_t i = 1; i < count; i++) lowest = at[i].order < lowest ? at[i].order : lowest;
  return lowest;
}

/** Ascending by index: a shell sort, for a few dozen to a few hundred candidates. */
static void sortByIndex(Candidate* at, int64_t count) {
  static const int64_t gaps[] = {1750, 701, 301, 132, 57, 23, 10, 4, 1};
  for (const int64_t gap : gaps) {
    for (int64_t i = gap; i < count; i++) {
      const Candidate moved = at[i];
      int64_t j = i;
      for (; j >= gap && indexOf(at[j - gap].order) > indexOf(moved.order); j -= gap) at[j] = at[j - gap];
      at[j] = moved;
    }
  }
}

}  // namespace SWITCHYARD_ISA
}  // namespace switchyard
