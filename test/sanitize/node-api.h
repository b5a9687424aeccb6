// What the addon uses of Node-API, without Node: values are C++ objects, and a function of the addon is called with them
// as JavaScript would call it. So a sanitizer sees nothing but Switchyard's own code, the checks of arguments included.
#pragma once

#include <node_api.h>

#include <deque>
#include <map>
#include <string>
#include <vector>

// Node-API leaves these structs to whoever implements it.

struct napi_value__ {
  napi_valuetype type = napi_undefined;
  /** Booleans are 0 and 1. */
  double number = 0;
  std::string text;
  napi_callback function = nullptr;
  std::map<std::string, napi_value> properties;
  std::vector<napi_value> elements;
  /** A typed array, where there is memory. */
  void* data = nullptr;
  napi_typedarray_type arrayType = napi_float32_array;
  size_t length = 0;
};

struct napi_callback_info__ {
  std::vector<napi_value> arguments;
};

/** Owns the values that were made in it. */
struct napi_env__ {
  std::deque<napi_value__> values;
  /** The message of what was thrown. */
  std::string thrown;

  napi_value make(const napi_value__& value) {
    values.push_back(value);
    return &values.back();
  }
};

/** The addon's own entry: hangs its functions into `exports`. */
extern "C" napi_value napi_register_module_v1(napi_env env, napi_value exports);
