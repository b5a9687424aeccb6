// See node-api.h.
#include "node-api.h"

namespace {

napi_status give(napi_env env, napi_value* result, const napi_value__& value) {
  *result = env->make(value);
  return napi_ok;
}

}  // namespace

napi_status napi_get_cb_info(napi_env, napi_callback_info info, size_t* count, napi_value* values, napi_value*, void**) {
  for (size_t i = 0; i < *count && i < info->arguments.size(); i++) values[i] = info->arguments[i];
  *count = info->arguments.size();
  return napi_ok;
}

napi_status napi_typeof(napi_env, napi_value value, napi_valuetype* result) {
  *result = value->type;
  return napi_ok;
}

napi_status napi_get_value_double(napi_env, napi_value value, double* result) {
  *result = value->number;
  return value->type == napi_number ? napi_ok : napi_number_expected;
}

napi_status napi_get_value_bool(napi_env, napi_value value, bool* result) {
  *result = value->number != 0;
  return value->type == napi_boolean ? napi_ok : napi_boolean_expected;
}

napi_status napi_is_typedarray(napi_env, napi_value value, bool* result) {
  *result = value->data != nullptr;
  return napi_ok;
}

napi_status napi_get_typedarray_info(napi_env, napi_value value, napi_typedarray_type* type, size_t* length, void** data,
                                     napi_value* buffer, size_t*) {
  *type = value->arrayType;
  *length = value->length;
  *data = value->data;
  *buffer = value;
  return napi_ok;
}

napi_status napi_is_arraybuffer(napi_env, napi_value, bool* result) {
  *result = true;
  return napi_ok;
}

napi_status napi_throw_range_error(napi_env env, const char*, const char* message) {
  env->thrown = message;
  return napi_ok;
}

napi_status napi_throw_error(napi_env env, const char*, const char* message) {
  env->thrown = message;
  return napi_ok;
}

/** For `allocate`, which is no kernel: the replay has memory of its own. */
napi_status napi_create_external_arraybuffer(napi_env, void*, size_t, napi_finalize, void*, napi_value*) {
  return napi_generic_failure;
}

napi_status napi_get_undefined(napi_env env, napi_value* result) { return give(env, result, {}); }

napi_status napi_create_double(napi_env env, double number, napi_value* result) {
  napi_value__ value;
  value.type = napi_number;
  value.number = number;
  return give(env, result, value);
}

napi_status napi_create_string_utf8(napi_env env, const char* text, size_t, napi_value* result) {
  napi_value__ value;
  value.type = napi_string;
  value.text = text;
  return give(env, result, value);
}

napi_status napi_create_function(napi_env env, const char*, size_t, napi_callback function, void*, napi_value* result) {
  napi_value__ value;
  value.type = napi_function;
  value.function = function;
  return give(env, result, value);
}

napi_status napi_create_array(napi_env env, napi_value* result) { return give(env, result, {}); }

napi_status napi_set_element(napi_env, napi_value list, uint32_t index, napi_value value) {
  if (list->elements.size() <= index) list->elements.resize(index + 1);
  list->elements[index] = value;
  return napi_ok;
}

napi_status napi_set_named_property(napi_env, napi_value object, const char* name, napi_value value) {
  object->properties[name] = value;
  return napi_ok;
}
