// The best candidates of one row, in the order of their features. A row is offered its features in ascending order and
// candidates never change places, so that among equal keys the lower index wins by being kept first, and what is left
// at the end needs no sorting.
//
// The K-th largest key is found by bisection over the bits of the keys: positive floats are ordered as their bits are,
// and counting the keys above a bound is a few vector instructions.
#pragma once

#include "../native/isa.h"

namespace switchyard {
namespace SWITCHYARD_ISA {

/** Candidates that lie side by side; all keys are positive. */
struct Candidates {
  float* keys;
  int32_t* features;
  /** Null where a key is its feature's value. */
  float* values;
};

SWITCHYARD_INLINE int32_t bitsOf(float key) {
  int32_t bits;
  memcpy(&bits, &key, sizeof bits);
  return bits;
}

SWITCHYARD_INLINE int64_t countAtLeast(const float* keys, int64_t count, int32_t bound) {
  vecInt tally{};
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const vec part = load(keys + i);
    vecInt bits;
    memcpy(&bits, &part, sizeof bits);
    tally -= bits >= bound;
  }
  int64_t total = 0;
  for (int lane = 0; lane < lanes; lane++) total += tally[lane];
  for (; i < count; i++) total += bitsOf(keys[i]) >= bound ? 1 : 0;
  return total;
}

/** Keeps the K best of `count` >= K candidates, in their order. @returns The smallest key that was kept. */
static float keepBest(const Candidates& at, int64_t count, int64_t K) {
  int32_t low = INT32_MAX;
  int32_t high = 0;
  for (int64_t i = 0; i < count; i++) {
    const int32_t bits = bitsOf(at.keys[i]);
    low = bits < low ? bits : low;
    high = bits > high ? bits : high;
  }
  // At least K keys reach `low`, fewer than K exceed `high`.
  int64_t reached = count;
  while (low < high && reached != K) {
    const int32_t middle = low + (high - low + 1) / 2;
    const int64_t atLeast = countAtLeast(at.keys, count, middle);
    if (atLeast >= K) {
      low = middle;
      reached = atLeast;
    } else {
      high = middle - 1;
    }
  }
  // Of those that equal the bound only as many are kept as there is room for: the first ones.
  int64_t ties = reached == K ? count : K - countAtLeast(at.keys, count, low + 1);
  int64_t kept = 0;
  float smallest = __builtin_inff();
  for (int64_t i = 0; i < count; i++) {
    const float key = at.keys[i];
    const int32_t bits = bitsOf(key);
    const bool isTie = bits == low;
    const bool isKept = bits > low || (isTie && ties > 0);
    ties -= isTie ? 1 : 0;
    at.keys[kept] = key;
    at.features[kept] = at.features[i];
    if (at.values != nullptr) at.values[kept] = at.values[i];
    smallest = isKept && key < smallest ? key : smallest;
    kept += isKept ? 1 : 0;
  }
  return smallest;
}

}  // namespace SWITCHYARD_ISA
}  // namespace switchyard
