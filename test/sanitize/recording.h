// Reads what recorder.cjs wrote, which has the format.
#pragma once

#include <node_api.h>
#include <stdio.h>
#include <stdlib.h>

#include <string>
#include <vector>

using Words = std::vector<uint32_t>;

struct RecordedArgument {
  napi_valuetype type = napi_null;
  double number = 0;
  napi_typedarray_type arrayType = napi_float32_array;
  Words before;
  Words after;
};

struct RecordedCall {
  /** With its processor: "x64 avx2". */
  std::string instructionSet;
  /** Whether it is the best that the recorder's processor has. */
  bool isBest = false;
  std::string function;
  std::vector<RecordedArgument> arguments;
  /** Not-a-number where nothing was returned. */
  double result = 0;
};

template <typename T>
void readInto(FILE* file, T* to, size_t count) {
  if (fread(to, sizeof(T), count, file) == count) return;
  fprintf(stderr, "a recording ends in the middle of a call\n");
  exit(2);
}

template <typename T>
T readOne(FILE* file) {
  T value{};
  readInto(file, &value, 1);
  return value;
}

inline std::string readText(FILE* file) {
  std::string text(readOne<uint32_t>(file), ' ');
  readInto(file, text.data(), text.size());
  return text;
}

inline RecordedArgument readArgument(FILE* file) {
  RecordedArgument argument;
  const uint32_t kind = readOne<uint32_t>(file);
  if (kind == 0) return argument;
  argument.type = kind == 1 ? napi_boolean : kind == 2 ? napi_number : napi_object;
  if (argument.type != napi_object) {
    argument.number = readOne<double>(file);
    return argument;
  }
  argument.arrayType = kind == 3 ? napi_float32_array : napi_int32_array;
  argument.before.resize(readOne<uint32_t>(file));
  const bool isChanged = readOne<uint32_t>(file) != 0;
  readInto(file, argument.before.data(), argument.before.size());
  argument.after = argument.before;
  if (isChanged) readInto(file, argument.after.data(), argument.after.size());
  return argument;
}

/** @returns Whether there was one more. */
inline bool readCall(FILE* file, RecordedCall& call) {
  const int next = fgetc(file);
  if (next == EOF) return false;
  ungetc(next, file);
  call.instructionSet = readText(file);
  call.isBest = readOne<uint32_t>(file) != 0;
  call.function = readText(file);
  call.arguments.resize(readOne<uint32_t>(file));
  for (RecordedArgument& argument : call.arguments) argument = readArgument(file);
  call.result = readOne<double>(file);
  return true;
}
