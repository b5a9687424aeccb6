// Sparse decode: a row of the output is formed a few vectors at a time in registers, over all K dictionary rows.
#include "../native/calls.h"
#include "../native/row-order.h"
#include "../native/scaled-rows.h"

namespace switchyard {
namespace SWITCHYARD_ISA {

static void sparseDecode(const SparseCall& call, ThreadPool& pool) {
  pool.lists().reset();
  const int32_t* const order = orderByFirstFeature(call.indices, call.B, call.K, call.F, pool.lists());
  inRanges(pool, call.B, rowsOfUnit, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t b = order[i];
      const ScaledRows terms{call.indices + b * call.K, call.coefficients + b * call.K, nullptr, call.K};
      sumScaledRows(terms, call.weights, call.D, call.out + b * call.D);
    }
  });
}

/**
 * out[d] = sum over b of the decoded rows, without decoding them: the coefficients are added up by feature first, and
 * each dictionary row is then read once. Blocks of features have partial sums, joined in their order.
 */
static void sparseColumnSums(const SparseCall& call, ThreadPool& pool) {
  constexpr int64_t featuresOfBlock = 256;
  Arena& memory = pool.lists();
  memory.reset();
  float* const sums = memory.floats(call.F);
  memset(sums, 0, static_cast<size_t>(call.F) * sizeof(float));
  for (int64_t i = 0; i < call.B * call.K; i++) sums[call.indices[i]] += call.coefficients[i];
  const int64_t blocks = ceilDivide(call.F, featuresOfBlock);
  float* const partial = memory.floats(blocks * call.D);
  inParallel(pool, blocks, [&](int64_t block, Arena& arena) {
    const int64_t first = block * featuresOfBlock;
    const int64_t count = smaller(featuresOfBlock, call.F - first);
    int32_t* const features = arena.ints(count);
    for (int64_t i = 0; i < count; i++) features[i] = static_cast<int32_t>(first + i);
    sumScaledRows(ScaledRows{features, sums + first, nullptr, count}, call.weights, call.D, partial + block * call.D);
  });
  for (int64_t d = 0; d < call.D; d++) {
    double sum = 0;
    for (int64_t block = 0; block < blocks; block++) sum += partial[block * call.D + d];
    call.out[d] = static_cast<float>(sum);
  }
}

}  // namespace SWITCHYARD_ISA
}  // namespace switchyard
