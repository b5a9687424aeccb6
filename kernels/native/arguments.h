// Reads and checks the arguments of one call from JavaScript. Nothing reaches a kernel that could make it read or
// write outside of what it was given: types, lengths and the range of every index are checked, shared memory (which
// another thread could change after the check) is refused, and what is written may overlap nothing else.
//
// The first fault throws in JavaScript and makes every later read return something harmless; a function checks
// `accepted()` once, before it calls its kernel.
#pragma once

#include <node_api.h>
#include <stdint.h>

namespace switchyard {

class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info, const char* function);

  /** A whole number in [lowest, highest]. */
  int64_t count(const char* name, int64_t lowest = 1, int64_t highest = INT32_MAX);
  /** A finite number. */
  double number(const char* name);
  /** Also one that is not finite: the gradient of a loss that is lost. */
  double anyNumber(const char* name);
  bool flag(const char* name);
  /** A Float32Array of exactly `length` numbers. */
  const float* floats(const char* name, int64_t length);
  /** The same, or null. */
  const float* floatsOrNull(const char* name, int64_t length);
  float* writtenFloats(const char* name, int64_t length);
  /** An Int32Array of exactly `length` numbers, each in [0, limit). */
  const int32_t* indices(const char* name, int64_t length, int64_t limit);
  int32_t* writtenInts(const char* name, int64_t length);
  /** An Int32Array [count + 1] that starts at 0, never falls, and ends at `total`. */
  const int32_t* starts(const char* name, int64_t count, int64_t total);
  /** A Float32Array that is read and written at the same time. */
  float* updatedFloats(const char* name, int64_t length) { return writtenFloats(name, length); }

  /** The product of sizes, refused when it is beyond what an index of 32 bits can count. */
  int64_t indexed(const char* name, int64_t a, int64_t b);

  /** Whether all arguments were read and none was refused. */
  bool accepted();

 private:
  static constexpr size_t most = 24;
  struct Range {
    const char* name;
    uintptr_t begin;
    uintptr_t end;
    bool written;
  };

  void* memory(const char* name, napi_typedarray_type type, int64_t length, bool written);
  napi_value next();
  void refuse(const char* name, const char* expected);

  napi_env env_;
  const char* function_;
  napi_value values_[most];
  size_t given_ = most;
  size_t read_ = 0;
  Range ranges_[most];
  size_t numRanges_ = 0;
  bool refused_ = false;
};

/** a b c d, or -1 (which is the length of nothing) where that is beyond 2^53. */
int64_t product(int64_t a, int64_t b, int64_t c = 1, int64_t d = 1);

}  // namespace switchyard
