// The grouped products: one dense product an expert, whose rows are gathered and scattered where they lie.
#include "../native/calls.h"
#include "../native/expert-groups.h"
#include "../native/gemm.h"

namespace switchyard {
namespace SWITCHYARD_ISA {

/** build(expert, rows of the expert, their pairs, their number) for every expert that has a row, in ascending order. */
template <typename Build>
static void forEachExpert(const GroupedCall& call, ThreadPool& pool, const Build& build) {
  pool.lists().reset();
  const ExpertGroups groups = groupByExpert(call.experts, call.B, call.R, call.E, pool.lists());
  for (int64_t e = 0; e < call.E; e++) {
    if (groups.size(e) == 0) continue;
    const int32_t start = groups.starts[e];
    multiply(build(e, groups.rows + start, groups.pairs + start, groups.size(e)), pool);
  }
}

static void groupedEncode(const GroupedCall& call, ThreadPool& pool) {
  const int64_t M = call.F / call.E;
  forEachExpert(call, pool, [&](int64_t e, const int32_t* rows, const int32_t* pairs, int64_t count) {
    Product p{};
    p.m = count;
    p.n = M;
    p.k = call.D;
    p.a = MatrixView{call.rows, {call.D, rows}, {1, nullptr}};
    p.b = MatrixView{call.weights + e * M * call.D, {1, nullptr}, {call.D, nullptr}};
    p.c = call.out;
    p.cRow = Axis{M, pairs};
    return p;
  });
}

static void groupedDecode(const GroupedCall& call, ThreadPool& pool) {
  const int64_t M = call.F / call.E;
  memset(call.out, 0, static_cast<size_t>(call.B * call.D) * sizeof(float));
  forEachExpert(call, pool, [&](int64_t e, const int32_t* rows, const int32_t* pairs, int64_t count) {
    Product p{};
    p.m = count;
    p.n = call.D;
    p.k = M;
    p.a = MatrixView{call.values, {M, pairs}, {1, nullptr}};
    p.b = MatrixView{call.weights + e * M * call.D, {call.D, nullptr}, {1, nullptr}};
    p.c = call.out;
    p.cRow = Axis{call.D, rows};
    p.accumulate = true;
    return p;
  });
}

static void groupedOuter(const GroupedCall& call, ThreadPool& pool) {
  const int64_t M = call.F / call.E;
  memset(call.out, 0, static_cast<size_t>(call.F * call.D) * sizeof(float));
  forEachExpert(call, pool, [&](int64_t e, const int32_t* rows, const int32_t* pairs, int64_t count) {
    Product p{};
    p.m = M;
    p.n = call.D;
    p.k = count;
    p.a = MatrixView{call.values, {1, nullptr}, {M, pairs}};
    p.b = MatrixView{call.rows, {call.D, rows}, {1, nullptr}};
    p.c = call.out + e * M * call.D;
    p.cRow = Axis{call.D, nullptr};
    return p;
  });
}

}  // namespace SWITCHYARD_ISA
}  // namespace switchyard
