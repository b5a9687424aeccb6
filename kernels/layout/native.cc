// Copies that change where things lie: transposed axes, slices, rows chosen by index.
#include "../native/calls.h"
#include "../native/parallel.h"

namespace switchyard {
namespace SWITCHYARD_ISA {

static void copyPlane(const RearrangeCall& call, const float* in, float* out) {
  const int64_t rows = call.shape[2];
  const int64_t columns = call.shape[3];
  if (call.strides[3] == 1) {
    for (int64_t i = 0; i < rows; i++) {
      memcpy(out + i * columns, in + i * call.strides[2], static_cast<size_t>(columns) * sizeof(float));
    }
    return;
  }
  // A transposed plane goes block by block, so that both sides stay in the cache.
  constexpr int64_t side = 16;
  for (int64_t i0 = 0; i0 < rows; i0 += side) {
    for (int64_t j0 = 0; j0 < columns; j0 += side) {
      for (int64_t i = i0; i < smaller(rows, i0 + side); i++) {
        for (int64_t j = j0; j < smaller(columns, j0 + side); j++) {
          out[i * columns + j] = in[i * call.strides[2] + j * call.strides[3]];
        }
      }
    }
  }
}

static void rearrange(const RearrangeCall& whole, ThreadPool& pool) {
  // One plane alone is cut into bands of rows.
  const int64_t planes = whole.shape[0] * whole.shape[1];
  const int64_t bands = planes > 1 ? 1 : ceilDivide(whole.shape[2], 64);
  const int64_t rowsOfBand = ceilDivide(whole.shape[2], bands);
  inParallel(pool, planes * bands, [&](int64_t unit, Arena&) {
    const int64_t plane = unit / bands;
    const int64_t first = unit % bands * rowsOfBand;
    if (first >= whole.shape[2]) return;
    RearrangeCall part = whole;
    part.shape[2] = smaller(rowsOfBand, whole.shape[2] - first);
    const float* const in = whole.in + whole.offset + plane / whole.shape[1] * whole.strides[0] +
                            plane % whole.shape[1] * whole.strides[1] + first * whole.strides[2];
    copyPlane(part, in, whole.out + (plane * whole.shape[2] + first) * whole.shape[3]);
  });
}

static void gatherRows(const GatherCall& call, ThreadPool& pool) {
  inRanges(pool, call.count, 1 + 16384 / (call.width + 1), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      memcpy(call.out + i * call.width, call.rows + call.indices[i] * call.width,
             static_cast<size_t>(call.width) * sizeof(float));
    }
  });
}

}  // namespace SWITCHYARD_ISA
}  // namespace switchyard
