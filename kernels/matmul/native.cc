// tfjs' batched matrix product on the packed, register-blocked kernel of gemm.h.
#include "../native/calls.h"
#include "../native/gemm.h"

namespace switchyard {
namespace SWITCHYARD_ISA {

static Product productOf(const MatMulCall& call, int64_t i) {
  const Axis wide{1, nullptr};
  const Axis rowsOfA{call.transposeA ? call.m : call.k, nullptr};
  const Axis rowsOfB{call.transposeB ? call.k : call.n, nullptr};
  Product p{};
  p.m = call.m;
  p.n = call.n;
  p.k = call.k;
  p.a = call.transposeA ? MatrixView{call.a + i * call.strideA, wide, rowsOfA}
                        : MatrixView{call.a + i * call.strideA, rowsOfA, wide};
  p.b = call.transposeB ? MatrixView{call.b + i * call.strideB, wide, rowsOfB}
                        : MatrixView{call.b + i * call.strideB, rowsOfB, wide};
  p.c = call.c + i * call.m * call.n;
  p.cRow = Axis{call.n, nullptr};
  p.bias = call.bias;
  return p;
}

static void matMul(const MatMulCall& call, ThreadPool& pool) {
  constexpr int64_t smallProduct = int64_t{1} << 22;
  if (call.batch > 1 && call.k > 0 && call.m * call.n * call.k < smallProduct) {
    inParallel(pool, call.batch, [&](int64_t i, Arena& arena) { multiplyAlone(productOf(call, i), arena); });
    return;
  }
  for (int64_t i = 0; i < call.batch; i++) multiply(productOf(call, i), pool);
}

}  // namespace SWITCHYARD_ISA
}  // namespace switchyard
