// What a call did, and whether two of them agree.
#pragma once

#include <float.h>
#include <math.h>
#include <string.h>

#include "recording.h"

/** What a call left in its arrays, and what it returned. */
struct Outcome {
  std::vector<Words> arrays;
  double result = NAN;
};

constexpr double tolerance = 1e-5;

inline float floatOf(uint32_t word) {
  float value;
  memcpy(&value, &word, sizeof value);
  return value;
}

inline bool areSame(const Outcome& a, const Outcome& b) {
  return a.arrays == b.arrays && (a.result == b.result || (isnan(a.result) && isnan(b.result)));
}

/** All not-a-numbers as one: which of its operands' an addition passes on is the compiler's choice. */
inline Outcome withOneNaN(Outcome outcome, const RecordedCall& call) {
  size_t next = 0;
  for (const RecordedArgument& argument : call.arguments) {
    if (argument.type != napi_object) continue;
    Words& words = outcome.arrays[next++];
    if (argument.arrayType != napi_float32_array) continue;
    for (uint32_t& word : words) word = isnan(floatOf(word)) ? 0x7fc00000 : word;
  }
  return outcome;
}

inline float largestOf(const Words& floats) {
  float largest = 0;
  for (const uint32_t word : floats) {
    if (isfinite(floatOf(word))) largest = fmaxf(largest, fabsf(floatOf(word)));
  }
  return largest;
}

/**
 * Whether another instruction set comes to nearly the same. Not where numbers overflow, sooner without fused
 * multiply-adds; and not where rows of one number lose their component along another: rounding errors are left, of
 * which Adam makes whole steps.
 */
inline bool isComparable(const RecordedCall& call) {
  for (const RecordedArgument& argument : call.arguments) {
    for (const uint32_t word : argument.before) {
      if (argument.arrayType == napi_float32_array && !(fabsf(floatOf(word)) < 1e15f)) return false;
    }
  }
  // Behind Adam's five constants: B, D, F, K, scale, projected.
  return call.function != "adamRows" || call.arguments[6].number != 1 || call.arguments[10].number == 0;
}

inline bool isClose(double a, double b, double allowed) {
  return a == b || (isnan(a) && isnan(b)) || fabs(a - b) <= allowed;
}

inline bool areClose(const Outcome& a, const Outcome& b, const RecordedCall& call) {
  double rounding = 0;
  for (const RecordedArgument& argument : call.arguments) {
    if (argument.arrayType == napi_float32_array) rounding = fmax(rounding, FLT_EPSILON * largestOf(argument.before));
  }
  size_t next = 0;
  for (const RecordedArgument& argument : call.arguments) {
    if (argument.type != napi_object) continue;
    const Words& left = a.arrays[next];
    const Words& right = b.arrays[next++];
    const double allowed = tolerance * largestOf(right) + rounding;
    const bool isFloat = argument.arrayType == napi_float32_array;
    if (!isFloat && left != right) return false;
    for (size_t i = 0; isFloat && i < left.size(); i++) {
      if (!isClose(floatOf(left[i]), floatOf(right[i]), allowed)) return false;
    }
  }
  return isClose(a.result, b.result, tolerance * fabs(b.result) + rounding);
}
