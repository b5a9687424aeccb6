// Elementwise operations over flat memory, with operands repeated along one of two axes.
#include "../native/calls.h"
#include "../native/exponential.h"
#include "../native/parallel.h"

namespace switchyard {
namespace SWITCHYARD_ISA {

constexpr int64_t elementsOfUnit = 16384;

template <typename Operation>
static void binaryRow(const float* a, int64_t aStride, const float* b, int64_t bStride, float* out, int64_t size,
                      const Operation& operation) {
  const vec aAll = splat(a[0]);
  const vec bAll = splat(b[0]);
  int64_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    store(out + i, operation(aStride == 0 ? aAll : load(a + i), bStride == 0 ? bAll : load(b + i)));
  }
  if (i == size) return;
  const int64_t count = size - i;
  storePart(out + i, operation(aStride == 0 ? aAll : loadPart(a + i, count), bStride == 0 ? bAll : loadPart(b + i, count)), count);
}

template <typename Operation>
static void binaryAll(const BinaryCall& call, ThreadPool& pool, const Operation& operation) {
  if (call.outer == 1) {
    inRanges(pool, call.inner, elementsOfUnit, [&](int64_t begin, int64_t end) {
      binaryRow(call.a + begin * call.aInner, call.aInner, call.b + begin * call.bInner, call.bInner, call.out + begin,
                end - begin, operation);
    });
    return;
  }
  inRanges(pool, call.outer, 1 + elementsOfUnit / (call.inner + 1), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      binaryRow(call.a + i * call.aOuter, call.aInner, call.b + i * call.bOuter, call.bInner, call.out + i * call.inner,
                call.inner, operation);
    }
  });
}

static void binary(const BinaryCall& call, ThreadPool& pool) {
  switch (call.operation) {
    case Binary::add: return binaryAll(call, pool, [](vec a, vec b) { return a + b; });
    case Binary::subtract: return binaryAll(call, pool, [](vec a, vec b) { return a - b; });
    case Binary::multiply: return binaryAll(call, pool, [](vec a, vec b) { return a * b; });
    case Binary::divide: return binaryAll(call, pool, [](vec a, vec b) { return a / b; });
    case Binary::maximum: return binaryAll(call, pool, [](vec a, vec b) { return a > b || a != a ? a : b; });
    case Binary::minimum: return binaryAll(call, pool, [](vec a, vec b) { return a < b || a != a ? a : b; });
    case Binary::squaredDifference: return binaryAll(call, pool, [](vec a, vec b) { return (a - b) * (a - b); });
    case Binary::count: return;
  }
}

template <typename Operation>
static void unaryAll(const UnaryCall& call, ThreadPool& pool, const Operation& operation) {
  inRanges(pool, call.size, elementsOfUnit, [&](int64_t begin, int64_t end) {
    int64_t i = begin;
    for (; i + lanes <= end; i += lanes) store(call.out + i, operation(load(call.in + i)));
    if (i < end) storePart(call.out + i, operation(loadPart(call.in + i, end - i)), end - i);
  });
}

static void unary(const UnaryCall& call, ThreadPool& pool) {
  const vec one = splat(1);
  switch (call.operation) {
    case Unary::negate: return unaryAll(call, pool, [](vec x) { return -x; });
    case Unary::square: return unaryAll(call, pool, [](vec x) { return x * x; });
    case Unary::squareRoot: return unaryAll(call, pool, [](vec x) { return squareRoot(x); });
    case Unary::reciprocalRoot: return unaryAll(call, pool, [&](vec x) { return one / squareRoot(x); });
    case Unary::relu: return unaryAll(call, pool, [](vec x) { return x <= vec{} ? vec{} : x; });
    case Unary::step: return unaryAll(call, pool, [&](vec x) { return x == x ? (x > vec{} ? one : vec{}) : x; });
    case Unary::exponential: return unaryAll(call, pool, [](vec x) { return exponential(x); });
    case Unary::sigmoid: return unaryAll(call, pool, [&](vec x) { return one / (one + exponential(-x)); });
    case Unary::absolute: return unaryAll(call, pool, [](vec x) { return x > vec{} ? x : vec{} - x; });
    case Unary::count: return;
  }
}

}  // namespace SWITCHYARD_ISA
}  // namespace switchyard
