#include "arguments.h"

#include <math.h>
#include <stdio.h>

namespace switchyard {

Arguments::Arguments(napi_env env, napi_callback_info info, const char* function) : env_(env), function_(function) {
  if (napi_get_cb_info(env, info, &given_, values_, nullptr, nullptr) != napi_ok) {
    given_ = 0;
    refuse("arguments", "a list that can be read");
  }
}

napi_value Arguments::next() {
  if (read_ >= given_ || read_ >= most) {
    read_ += 1;
    return nullptr;
  }
  return values_[read_++];
}

void Arguments::refuse(const char* name, const char* expected) {
  if (refused_) return;
  refused_ = true;
  char message[256];
  snprintf(message, sizeof message, "%s: argument %zu, %s: expected %s.", function_, read_, name, expected);
  napi_throw_range_error(env_, "NATIVE_ARGUMENT", message);
}

double Arguments::anyNumber(const char* name) {
  const napi_value value = next();
  double number = 0;
  if (refused_) return 0;
  if (value == nullptr || napi_get_value_double(env_, value, &number) != napi_ok) {
    refuse(name, "a number");
    return 0;
  }
  return number;
}

double Arguments::number(const char* name) {
  const double value = anyNumber(name);
  if (!refused_ && !isfinite(value)) refuse(name, "a finite number");
  return refused_ ? 0 : value;
}

int64_t Arguments::count(const char* name, int64_t lowest, int64_t highest) {
  const double value = number(name);
  if (refused_) return lowest;
  if (value != floor(value) || value < static_cast<double>(lowest) || value > static_cast<double>(highest)) {
    char expected[96];
    snprintf(expected, sizeof expected, "a whole number from %lld to %lld", static_cast<long long>(lowest),
             static_cast<long long>(highest));
    refuse(name, expected);
    return lowest;
  }
  return static_cast<int64_t>(value);
}

bool Arguments::flag(const char* name) {
  const napi_value value = next();
  bool flag = false;
  if (refused_) return false;
  if (value == nullptr || napi_get_value_bool(env_, value, &flag) != napi_ok) refuse(name, "true or false");
  return flag;
}

void* Arguments::memory(const char* name, napi_typedarray_type type, int64_t length, bool written) {
  const napi_value value = next();
  if (refused_) return nullptr;
  char expected[96];
  snprintf(expected, sizeof expected, "%s of %lld numbers", type == napi_int32_array ? "an Int32Array" : "a Float32Array",
           static_cast<long long>(length));
  bool isTyped = false;
  napi_typedarray_type received = napi_int8_array;
  size_t size = 0;
  void* data = nullptr;
  napi_value buffer = nullptr;
  bool isUnshared = false;
  const bool fits = value != nullptr && napi_is_typedarray(env_, value, &isTyped) == napi_ok && isTyped &&
                    napi_get_typedarray_info(env_, value, &received, &size, &data, &buffer, nullptr) == napi_ok &&
                    received == type && static_cast<int64_t>(size) == length;
  if (!fits) {
    refuse(name, expected);
    return nullptr;
  }
  if (napi_is_arraybuffer(env_, buffer, &isUnshared) != napi_ok || !isUnshared) {
    refuse(name, "memory that is not shared with other threads");
    return nullptr;
  }
  if (numRanges_ < most) {
    const uintptr_t begin = reinterpret_cast<uintptr_t>(data);
    ranges_[numRanges_++] = Range{name, begin, begin + size * 4, written};
  }
  return data;
}

const float* Arguments::floats(const char* name, int64_t length) {
  return static_cast<const float*>(memory(name, napi_float32_array, length, false));
}

const float* Arguments::floatsOrNull(const char* name, int64_t length) {
  if (!refused_ && read_ < given_) {
    napi_valuetype type = napi_undefined;
    if (napi_typeof(env_, values_[read_], &type) == napi_ok && type == napi_null) {
      read_ += 1;
      return nullptr;
    }
  }
  return floats(name, length);
}

float* Arguments::writtenFloats(const char* name, int64_t length) {
  return static_cast<float*>(memory(name, napi_float32_array, length, true));
}

int32_t* Arguments::writtenInts(const char* name, int64_t length) {
  return static_cast<int32_t*>(memory(name, napi_int32_array, length, true));
}

const int32_t* Arguments::indices(const char* name, int64_t length, int64_t limit) {
  const int32_t* const values = static_cast<const int32_t*>(memory(name, napi_int32_array, length, false));
  if (values == nullptr) return nullptr;
  int32_t lowest = 0;
  int32_t highest = 0;
  for (int64_t i = 0; i < length; i++) {
    lowest = values[i] < lowest ? values[i] : lowest;
    highest = values[i] > highest ? values[i] : highest;
  }
  if (lowest < 0 || highest >= limit) {
    char expected[96];
    snprintf(expected, sizeof expected, "whole numbers from 0 to %lld", static_cast<long long>(limit - 1));
    refuse(name, expected);
    return nullptr;
  }
  return values;
}

const int32_t* Arguments::starts(const char* name, int64_t count, int64_t total) {
  const int32_t* const values = static_cast<const int32_t*>(memory(name, napi_int32_array, count + 1, false));
  if (values == nullptr) return nullptr;
  bool rises = values[0] == 0 && values[count] == total;
  for (int64_t i = 0; i < count; i++) rises = rises && values[i] <= values[i + 1];
  if (!rises) {
    refuse(name, "starts that rise from 0 to the number of pairs");
    return nullptr;
  }
  return values;
}

int64_t Arguments::indexed(const char* name, int64_t a, int64_t b) {
  const int64_t size = product(a, b);
  if (!refused_ && (size < 0 || size > INT32_MAX)) refuse(name, "fewer than 2^31 entries");
  return refused_ ? 1 : size;
}

bool Arguments::accepted() {
  if (!refused_ && read_ != given_) refuse("arguments", "as many as the function has");
  for (size_t i = 0; i < numRanges_ && !refused_; i++) {
    for (size_t j = 0; j < numRanges_ && ranges_[i].written; j++) {
      const bool overlaps = i != j && ranges_[i].begin < ranges_[j].end && ranges_[j].begin < ranges_[i].end;
      if (overlaps) {
        refuse(ranges_[i].name, "memory that overlaps no other argument, since it is written");
        break;
      }
    }
  }
  return !refused_;
}

int64_t product(int64_t a, int64_t b, int64_t c, int64_t d) {
  constexpr int64_t highest = int64_t{1} << 53;
  int64_t result = a;
  const int64_t factors[] = {b, c, d};
  for (const int64_t factor : factors) {
    if (factor != 0 && result > highest / factor) return -1;
    result *= factor;
  }
  return result;
}

}  // namespace switchyard
