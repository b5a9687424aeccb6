// One row of a dictionary's gradient, formed from its pairs.
#pragma once

#include "calls.h"
#include "parallel.h"
#include "scaled-rows.h"

namespace switchyard {
namespace SWITCHYARD_ISA {

constexpr int64_t featuresOfUnit = 32;

/** row -= (row . unit) unit, with unit = axis / ||axis||; an axis of zeros takes nothing away. */
SWITCHYARD_INLINE void removeAlong(float* row, const float* axis, int64_t width) {
  const float squaredNorm = dotRows(axis, axis, width);
  if (!(squaredNorm > 0)) return;
  const float along = dotRows(row, axis, width) / squaredNorm;
  int64_t d = 0;
  for (; d + lanes <= width; d += lanes) store(row + d, load(row + d) - splat(along) * load(axis + d));
  for (; d < width; d++) row[d] -= along * axis[d];
}

/** @param matrix [F, D], read only where the gradient is projected. @param row [D] */
SWITCHYARD_INLINE void formRow(const RowGradient& gradient, const float* matrix, int64_t feature, float* row) {
  const int64_t D = gradient.D;
  const int32_t start = gradient.starts[feature];
  const ScaledRows terms{gradient.rowsOfPairs + start, gradient.coefficients, gradient.positions + start,
                         gradient.starts[feature + 1] - start};
  if (terms.count == 0) {
    memset(row, 0, static_cast<size_t>(D) * sizeof(float));
    return;
  }
  sumScaledRows(terms, gradient.rows, D, row);
  if (gradient.scale != 1) {
    int64_t d = 0;
    for (; d + lanes <= D; d += lanes) store(row + d, splat(gradient.scale) * load(row + d));
    for (; d < D; d++) row[d] *= gradient.scale;
  }
  if (gradient.projected) removeAlong(row, matrix + feature * D, D);
}

}  // namespace SWITCHYARD_ISA
}  // namespace switchyard
