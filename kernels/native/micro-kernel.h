// The register tile of every matrix product here:
//
//   tile[r][n] += sum over k of rows(r, k) * columns[k][n]      r < tileRows,  n < tileColumns
//
// The n side is packed: `columns` is [depth][tileColumns], contiguous. The r side is broadcast element by element; it
// is read where it lies when its k are contiguous (StridedRows), which is what lets a Switch SAE multiply a few rows
// by a large expert without ever copying the expert. Every element of the tile is one chain of multiply-adds in
// ascending k, so an element's bits do not depend on where in a tile, or on which thread, it was computed.
#pragma once

#include "isa.h"

namespace switchyard {
namespace SWITCHYARD_ISA {

constexpr int tileRows = SWITCHYARD_ROWS;
constexpr int tileVectors = SWITCHYARD_VECTORS;
constexpr int tileColumns = tileVectors * lanes;

struct Tile {
  vec at[tileRows][tileVectors];
};

/** Rows that lie `stride` floats apart, with contiguous k. */
struct StridedRows {
  const float* first;
  int64_t stride;
};

/** Rows packed as [depth][tileRows]. */
struct PackedRows {
  const float* first;
};

SWITCHYARD_INLINE void multiplyTile(Tile& tile, StridedRows rows, const float* columns, int64_t depth) {
  // Three rows a pointer: base, base + stride, base + 2 stride are one x86 address each.
  constexpr int numGroups = (tileRows + 2) / 3;
  const char* group[numGroups];
  const int64_t bytes = rows.stride * static_cast<int64_t>(sizeof(float));
  for (int g = 0; g < numGroups; g++) group[g] = reinterpret_cast<const char*>(rows.first) + 3 * g * bytes;
  Tile sum = tile;
  for (int64_t k = 0; k < depth; k++) {
    vec column[tileVectors];
    for (int v = 0; v < tileVectors; v++) column[v] = load(columns + v * lanes);
    columns += tileColumns;
#pragma GCC unroll 16
    for (int r = 0; r < tileRows; r++) {
      const vec row = splat(*reinterpret_cast<const float*>(group[r / 3] + (r % 3) * bytes));
#pragma GCC unroll 4
      for (int v = 0; v < tileVectors; v++) sum.at[r][v] += row * column[v];
    }
    for (int g = 0; g < numGroups; g++) group[g] += sizeof(float);
  }
  tile = sum;
}

SWITCHYARD_INLINE void multiplyTile(Tile& tile, PackedRows rows, const float* columns, int64_t depth) {
  const float* row = rows.first;
  Tile sum = tile;
  for (int64_t k = 0; k < depth; k++) {
    vec column[tileVectors];
    for (int v = 0; v < tileVectors; v++) column[v] = load(columns + v * lanes);
    columns += tileColumns;
#pragma GCC unroll 16
    for (int r = 0; r < tileRows; r++) {
      const vec value = splat(row[r]);
#pragma GCC unroll 4
      for (int v = 0; v < tileVectors; v++) sum.at[r][v] += value * column[v];
    }
    row += tileRows;
  }
  tile = sum;
}

}  // namespace SWITCHYARD_ISA
}  // namespace switchyard
