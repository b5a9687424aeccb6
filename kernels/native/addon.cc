// The kernels as functions of JavaScript: the only file that knows both Node-API and the kernels. Each function reads
// its sizes first, then its memory, whose lengths follow from the sizes; see arguments.h for what is checked. The file is
// long because it has a function for every operation, all of one form; to split it would need a second list of them.
#include <node_api.h>

#include <atomic>
#include <mutex>

#include "arguments.h"
#include "calls.h"
#include "large-memory.h"
#include "processors.h"
#include "thread-pool.h"

#ifndef SWITCHYARD_STAMP
#define SWITCHYARD_STAMP "unknown"
#endif

namespace switchyard {

namespace {

std::atomic<const KernelTable*> current{nullptr};

const KernelTable& kernels() { return *current.load(); }

/** The pool, held until the call of the kernel is over. */
struct HeldPool {
  std::lock_guard<ThreadPool> held{ThreadPool::instance()};
  operator ThreadPool&() const { return ThreadPool::instance(); }
};

HeldPool pool() { return {}; }

napi_value nothing(napi_env env) {
  napi_value value = nullptr;
  napi_get_undefined(env, &value);
  return value;
}

napi_value numberOf(napi_env env, double number) {
  napi_value value = nullptr;
  napi_create_double(env, number, &value);
  return value;
}

napi_value textOf(napi_env env, const char* text) {
  napi_value value = nullptr;
  napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value);
  return value;
}

napi_value matMul(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "matMul");
  MatMulCall call{};
  call.batch = args.count("batch");
  call.m = args.count("m");
  call.n = args.count("n");
  call.k = args.count("k", 0);
  const bool repeatA = args.flag("repeatA");
  const bool repeatB = args.flag("repeatB");
  call.transposeA = args.flag("transposeA");
  call.transposeB = args.flag("transposeB");
  call.strideA = repeatA ? 0 : product(call.m, call.k);
  call.strideB = repeatB ? 0 : product(call.k, call.n);
  call.a = args.floats("a", product(repeatA ? 1 : call.batch, call.m, call.k));
  call.b = args.floats("b", product(repeatB ? 1 : call.batch, call.k, call.n));
  call.bias = args.floatsOrNull("bias", call.n);
  call.c = args.writtenFloats("c", product(call.batch, call.m, call.n));
  if (args.accepted()) kernels().matMul(call, pool());
  return nothing(env);
}

GroupedCall groupedSizes(Arguments& args) {
  GroupedCall call{};
  call.B = args.count("B");
  call.D = args.count("D");
  call.E = args.count("E");
  call.R = args.count("R");
  call.F = args.indexed("F", call.E, args.count("M"));
  return call;
}

const int32_t* expertIndices(Arguments& args, const GroupedCall& call) {
  return args.indices("experts", args.indexed("pairs", call.B, call.R), call.E);
}

napi_value groupedEncode(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "groupedEncode");
  GroupedCall call = groupedSizes(args);
  call.rows = args.floats("rows", product(call.B, call.D));
  call.weights = args.floats("weights", product(call.F, call.D));
  call.experts = expertIndices(args, call);
  call.out = args.writtenFloats("out", product(call.B, call.R, call.F / call.E));
  if (args.accepted()) kernels().groupedEncode(call, pool());
  return nothing(env);
}

napi_value groupedDecode(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "groupedDecode");
  GroupedCall call = groupedSizes(args);
  call.values = args.floats("values", product(call.B, call.R, call.F / call.E));
  call.weights = args.floats("weights", product(call.F, call.D));
  call.experts = expertIndices(args, call);
  call.out = args.writtenFloats("out", product(call.B, call.D));
  if (args.accepted()) kernels().groupedDecode(call, pool());
  return nothing(env);
}

napi_value groupedOuter(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "groupedOuter");
  GroupedCall call = groupedSizes(args);
  call.values = args.floats("values", product(call.B, call.R, call.F / call.E));
  call.rows = args.floats("rows", product(call.B, call.D));
  call.experts = expertIndices(args, call);
  call.out = args.writtenFloats("out", product(call.F, call.D));
  if (args.accepted()) kernels().groupedOuter(call, pool());
  return nothing(env);
}

napi_value encodeTopK(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "encodeTopK");
  EncodeTopKCall call{};
  call.B = args.count("B");
  call.D = args.count("D");
  call.E = args.count("E");
  call.R = args.count("R", 1, call.E);
  const int64_t M = args.count("M");
  call.F = args.indexed("F", call.E, M);
  const int64_t reachable = product(call.R, M);
  call.K = args.count("K", 1, reachable < INT32_MAX ? reachable : INT32_MAX);
  const int64_t pairs = args.indexed("pairs", call.B, call.R);
  const int64_t active = args.indexed("active", call.B, call.K);
  call.acts = args.floats("acts", product(call.B, call.D));
  call.encoder = args.floats("encoder", product(call.F, call.D));
  call.bias = args.floatsOrNull("bias", call.F);
  call.experts = args.indices("experts", pairs, call.E);
  call.gates = args.floats("gates", pairs);
  call.indices = args.writtenInts("indices", active);
  call.values = args.writtenFloats("values", active);
  call.slots = args.writtenInts("slots", active);
  if (args.accepted()) kernels().encodeTopK(call, pool());
  return nothing(env);
}

/** B, D, F, K, then the indices. */
SparseCall sparseSizes(Arguments& args) {
  SparseCall call{};
  call.B = args.count("B");
  call.D = args.count("D");
  call.F = args.count("F");
  call.K = args.count("K");
  call.indices = args.indices("indices", args.indexed("pairs", call.B, call.K), call.F);
  return call;
}

napi_value sparseDecode(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "sparseDecode");
  SparseCall call = sparseSizes(args);
  call.coefficients = args.floats("coefficients", product(call.B, call.K));
  call.weights = args.floats("weights", product(call.F, call.D));
  call.out = args.writtenFloats("out", product(call.B, call.D));
  if (args.accepted()) kernels().sparseDecode(call, pool());
  return nothing(env);
}

napi_value sparseColumnSums(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "sparseColumnSums");
  SparseCall call = sparseSizes(args);
  call.coefficients = args.floats("coefficients", product(call.B, call.K));
  call.weights = args.floats("weights", product(call.F, call.D));
  call.out = args.writtenFloats("out", call.D);
  if (args.accepted()) kernels().sparseColumnSums(call, pool());
  return nothing(env);
}

napi_value sparseGatherDot(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "sparseGatherDot");
  SparseCall call = sparseSizes(args);
  call.weights = args.floats("weights", product(call.F, call.D));
  call.rows = args.floats("rows", product(call.B, call.D));
  call.out = args.writtenFloats("out", product(call.B, call.K));
  if (args.accepted()) kernels().sparseGatherDot(call, pool());
  return nothing(env);
}

napi_value sortByFeature(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "sortByFeature");
  SortCall call{};
  call.B = args.count("B");
  call.F = args.count("F");
  call.K = args.count("K");
  const int64_t pairs = args.indexed("pairs", call.B, call.K);
  call.indices = args.indices("indices", pairs, call.F);
  call.starts = args.writtenInts("starts", call.F + 1);
  call.positions = args.writtenInts("positions", pairs);
  call.rowsOfPairs = args.writtenInts("rowsOfPairs", pairs);
  if (args.accepted()) kernels().sortByFeature(call, pool());
  return nothing(env);
}

RowGradient rowGradient(Arguments& args) {
  RowGradient gradient{};
  const int64_t B = args.count("B");
  gradient.D = args.count("D");
  gradient.F = args.count("F");
  const int64_t K = args.count("K");
  gradient.scale = static_cast<float>(args.number("scale"));
  gradient.projected = args.flag("projected");
  const int64_t pairs = args.indexed("pairs", B, K);
  gradient.starts = args.starts("starts", gradient.F, pairs);
  gradient.positions = args.indices("positions", pairs, pairs);
  gradient.rowsOfPairs = args.indices("rowsOfPairs", pairs, B);
  gradient.coefficients = args.floats("coefficients", pairs);
  gradient.rows = args.floats("rows", product(B, gradient.D));
  return gradient;
}

napi_value rowSparseAccumulate(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "rowSparseAccumulate");
  const RowGradient gradient = rowGradient(args);
  const int64_t size = product(gradient.F, gradient.D);
  const float* const matrix = gradient.projected ? args.floats("matrix", size) : args.floatsOrNull("matrix", size);
  float* const out = args.writtenFloats("out", size);
  if (args.accepted()) kernels().rowSparseAccumulate(gradient, matrix, out, pool());
  return nothing(env);
}

napi_value rowSparseSquaredNorm(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "rowSparseSquaredNorm");
  const RowGradient gradient = rowGradient(args);
  const int64_t size = product(gradient.F, gradient.D);
  const float* const matrix = gradient.projected ? args.floats("matrix", size) : args.floatsOrNull("matrix", size);
  return args.accepted() ? numberOf(env, kernels().rowSparseSquaredNorm(gradient, matrix, pool())) : nothing(env);
}

AdamConstants adamConstants(Arguments& args) {
  AdamConstants constants{};
  const double beta1 = args.number("beta1");
  const double beta2 = args.number("beta2");
  constants.beta1 = static_cast<float>(beta1);
  constants.beta2 = static_cast<float>(beta2);
  constants.rest1 = static_cast<float>(1 - beta1);
  constants.rest2 = static_cast<float>(1 - beta2);
  constants.epsilon = static_cast<float>(args.number("epsilon"));
  constants.stepSize = static_cast<float>(args.number("stepSize"));
  constants.rootCorrection = static_cast<float>(args.number("rootCorrection"));
  return constants;
}

napi_value adamRows(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "adamRows");
  AdamRowsCall call{};
  call.constants = adamConstants(args);
  call.gradient = rowGradient(args);
  const int64_t size = product(call.gradient.F, call.gradient.D);
  call.parameter = args.updatedFloats("parameter", size);
  call.first = args.updatedFloats("first", size);
  call.second = args.updatedFloats("second", size);
  if (args.accepted()) kernels().adamRows(call, pool());
  return nothing(env);
}

napi_value adam(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "adam");
  AdamCall call{};
  call.constants = adamConstants(args);
  call.size = args.count("size");
  call.gradient = args.floats("gradient", call.size);
  call.parameter = args.updatedFloats("parameter", call.size);
  call.first = args.updatedFloats("first", call.size);
  call.second = args.updatedFloats("second", call.size);
  if (args.accepted()) kernels().adam(call, pool());
  return nothing(env);
}

napi_value normaliseRows(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "normaliseRows");
  RowsCall call{};
  call.rows = args.count("rows");
  call.width = args.count("width");
  call.out = args.updatedFloats("matrix", product(call.rows, call.width));
  call.in = call.out;
  if (args.accepted()) kernels().normaliseRows(call, pool());
  return nothing(env);
}

/** Sizes, both inputs and the output of a function over [rows, width]. */
RowsCall rowsOf(Arguments& args, const char* in, const char* other) {
  RowsCall call{};
  call.rows = args.count("rows");
  call.width = args.count("width");
  const int64_t size = product(call.rows, call.width);
  call.in = args.floats(in, size);
  if (other != nullptr) call.other = args.floats(other, size);
  return call;
}

napi_value removeParallelComponent(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "removeParallelComponent");
  RowsCall call = rowsOf(args, "gradient", "matrix");
  call.out = args.writtenFloats("out", product(call.rows, call.width));
  if (args.accepted()) kernels().removeParallelComponent(call, pool());
  return nothing(env);
}

napi_value squaredNorm(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "squaredNorm");
  const int64_t size = args.count("size");
  const float* const in = args.floats("in", size);
  return args.accepted() ? numberOf(env, kernels().squaredNorm(in, size, pool())) : nothing(env);
}

napi_value squaredError(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "squaredError");
  const RowsCall call = rowsOf(args, "prediction", "target");
  return args.accepted() ? numberOf(env, kernels().squaredError(call, pool())) : nothing(env);
}

napi_value squaredErrorGradient(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "squaredErrorGradient");
  const float scale = static_cast<float>(args.anyNumber("scale"));
  RowsCall call = rowsOf(args, "prediction", "target");
  call.out = args.writtenFloats("out", product(call.rows, call.width));
  if (args.accepted()) kernels().squaredErrorGradient(call, scale, pool());
  return nothing(env);
}

napi_value softmax(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "softmax");
  RowsCall call = rowsOf(args, "logits", nullptr);
  call.out = args.writtenFloats("out", product(call.rows, call.width));
  if (args.accepted()) kernels().softmax(call, pool());
  return nothing(env);
}

napi_value binary(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "binary");
  BinaryCall call{};
  call.operation = static_cast<Binary>(args.count("operation", 0, static_cast<int64_t>(Binary::count) - 1));
  call.outer = args.count("outer");
  call.inner = args.count("inner");
  const bool aHasOuter = args.flag("aHasOuter");
  const bool aHasInner = args.flag("aHasInner");
  const bool bHasOuter = args.flag("bHasOuter");
  const bool bHasInner = args.flag("bHasInner");
  call.aInner = aHasInner ? 1 : 0;
  call.bInner = bHasInner ? 1 : 0;
  call.aOuter = !aHasOuter ? 0 : aHasInner ? call.inner : 1;
  call.bOuter = !bHasOuter ? 0 : bHasInner ? call.inner : 1;
  call.a = args.floats("a", product(aHasOuter ? call.outer : 1, aHasInner ? call.inner : 1));
  call.b = args.floats("b", product(bHasOuter ? call.outer : 1, bHasInner ? call.inner : 1));
  call.out = args.writtenFloats("out", product(call.outer, call.inner));
  if (args.accepted()) kernels().binary(call, pool());
  return nothing(env);
}

napi_value unary(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "unary");
  UnaryCall call{};
  call.operation = static_cast<Unary>(args.count("operation", 0, static_cast<int64_t>(Unary::count) - 1));
  call.size = args.count("size");
  call.in = args.floats("in", call.size);
  call.out = args.writtenFloats("out", call.size);
  if (args.accepted()) kernels().unary(call, pool());
  return nothing(env);
}

napi_value reduce(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "reduce");
  ReduceCall call{};
  call.operation = static_cast<Reduction>(args.count("operation", 0, static_cast<int64_t>(Reduction::count) - 1));
  call.outer = args.count("outer");
  call.reduced = args.count("reduced");
  call.inner = args.count("inner");
  call.in = args.floats("in", product(call.outer, call.reduced, call.inner));
  call.out = args.writtenFloats("out", product(call.outer, call.inner));
  if (args.accepted()) kernels().reduce(call, pool());
  return nothing(env);
}

napi_value rearrange(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "rearrange");
  RearrangeCall call{};
  const int64_t size = args.count("size");
  call.offset = args.count("offset", 0, size - 1);
  int64_t last = call.offset;
  int64_t total = 1;
  for (int axis = 0; axis < 4; axis++) {
    call.shape[axis] = args.count("shape");
    call.strides[axis] = args.count("stride", 0);
    const int64_t reach = product(call.shape[axis] - 1, call.strides[axis]);
    last = reach < 0 || last < 0 ? -1 : last + reach;
    total = total < 0 ? -1 : product(total, call.shape[axis]);
  }
  // Strides that reach beyond the input make its expected length one that no array has.
  call.in = args.floats("in", last >= 0 && last < size ? size : -1);
  call.out = args.writtenFloats("out", total);
  if (args.accepted()) kernels().rearrange(call, pool());
  return nothing(env);
}

napi_value gatherRows(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "gatherRows");
  GatherCall call{};
  call.count = args.count("count");
  call.numRows = args.count("numRows");
  call.width = args.count("width");
  call.indices = args.indices("indices", call.count, call.numRows);
  call.rows = args.floats("rows", product(call.numRows, call.width));
  call.out = args.writtenFloats("out", product(call.count, call.width));
  if (args.accepted()) kernels().gatherRows(call, pool());
  return nothing(env);
}

void release(napi_env, void* data, void*) { giveMemory(data); }

/** An ArrayBuffer of unspecified content. */
napi_value allocate(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "allocate");
  const int64_t bytes = args.count("bytes", 1, int64_t{1} << 40);
  if (!args.accepted()) return nothing(env);
  void* const memory = takeMemory(static_cast<size_t>(bytes));
  napi_value buffer = nullptr;
  if (memory == nullptr) {
    napi_throw_range_error(env, "NATIVE_MEMORY", "allocate: the system has no memory left.");
    return nothing(env);
  }
  if (napi_create_external_arraybuffer(env, memory, static_cast<size_t>(bytes), release, nullptr, &buffer) != napi_ok) {
    giveMemory(memory);
    napi_throw_error(env, "NATIVE_MEMORY", "allocate: this runtime takes no memory from outside.");
  }
  return buffer;
}

napi_value setThreads(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "setThreads");
  const int64_t threads = args.count("threads", 1, ThreadPool::maxThreads);
  if (args.accepted()) ThreadPool::instance().setThreads(static_cast<int>(threads));
  return nothing(env);
}

/** Chooses among the instruction sets that this processor has, by their number in `instructionSets`. */
napi_value setInstructionSet(napi_env env, napi_callback_info info) {
  Arguments args(env, info, "setInstructionSet");
  const int64_t number = args.count("number", 0, numUsable() - 1);
  if (args.accepted()) current.store(usable(static_cast<int>(number)));
  return nothing(env);
}

struct Function {
  const char* name;
  napi_callback call;
};

constexpr Function functions[] = {
    {"matMul", matMul},
    {"groupedEncode", groupedEncode},
    {"groupedDecode", groupedDecode},
    {"groupedOuter", groupedOuter},
    {"encodeTopK", encodeTopK},
    {"sparseDecode", sparseDecode},
    {"sparseColumnSums", sparseColumnSums},
    {"sparseGatherDot", sparseGatherDot},
    {"sortByFeature", sortByFeature},
    {"rowSparseAccumulate", rowSparseAccumulate},
    {"rowSparseSquaredNorm", rowSparseSquaredNorm},
    {"adamRows", adamRows},
    {"adam", adam},
    {"normaliseRows", normaliseRows},
    {"removeParallelComponent", removeParallelComponent},
    {"squaredNorm", squaredNorm},
    {"squaredError", squaredError},
    {"squaredErrorGradient", squaredErrorGradient},
    {"softmax", softmax},
    {"binary", binary},
    {"unary", unary},
    {"reduce", reduce},
    {"rearrange", rearrange},
    {"gatherRows", gatherRows},
    {"allocate", allocate},
    {"setThreads", setThreads},
    {"setInstructionSet", setInstructionSet},
};

napi_value instructionSets(napi_env env) {
  napi_value list = nullptr;
  napi_create_array(env, &list);
  for (int i = 0; i < numUsable(); i++) napi_set_element(env, list, static_cast<uint32_t>(i), textOf(env, usable(i)->name));
  return list;
}

napi_value start(napi_env env, napi_value exports) {
  const KernelTable* none = nullptr;
  current.compare_exchange_strong(none, usable(0));
  for (const Function& function : functions) {
    napi_value value = nullptr;
    if (napi_create_function(env, function.name, NAPI_AUTO_LENGTH, function.call, nullptr, &value) != napi_ok) return nullptr;
    napi_set_named_property(env, exports, function.name, value);
  }
  napi_set_named_property(env, exports, "stamp", textOf(env, SWITCHYARD_STAMP));
  napi_set_named_property(env, exports, "instructionSets", instructionSets(env));
  return exports;
}

}  // namespace

}  // namespace switchyard

NAPI_MODULE_INIT() { return switchyard::start(env, exports); }
