// The sum of squares of one tensor.
#include "../native/calls.h"
#include "../native/scaled-rows.h"
#include "../native/sums.h"

namespace switchyard {
namespace SWITCHYARD_ISA {

static double squaredNorm(const float* in, int64_t size, ThreadPool& pool) {
  return sumStretches(pool, size, [&](int64_t begin, int64_t end) { return dotRows(in + begin, in + begin, end - begin); });
}

}  // namespace SWITCHYARD_ISA
}  // namespace switchyard
