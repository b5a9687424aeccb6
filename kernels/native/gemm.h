// The dense product  C = A B  over matrices whose rows and columns may lie anywhere: at a stride, or where an index
// says, so that the rows of one expert are multiplied without being copied together first.
//
// B is packed once into panels of tileColumns columns; a unit of work is a block of C, which goes over k in slices
// that keep a panel in the first-level cache and its own rows of A in the second. The blocks depend on the shape alone.
#pragma once

#include "micro-kernel.h"
#include "parallel.h"

namespace switchyard {
namespace SWITCHYARD_ISA {

/** Where the elements of one axis lie. */
struct Axis {
  int64_t stride;
  /** Which element the i-th is, or null: the i-th. */
  const int32_t* index;
  int64_t at(int64_t i) const { return (index == nullptr ? i : index[i]) * stride; }
};

struct MatrixView {
  const float* data;
  Axis row;
  Axis column;
};

struct Product {
  int64_t m, n, k;
  MatrixView a;
  MatrixView b;
  float* c;
  Axis cRow;
  /** [n], or null. */
  const float* bias;
  /** Adds to what is in C. */
  bool accumulate;
};

constexpr int64_t sliceDepth = 384;
constexpr int64_t rowsOfBlock = tileRows * 16;
constexpr int64_t packedFloats = int64_t{1} << 22;

/** [depth][tileColumns] of one panel, zeros beyond the last column. */
static void packColumns(const MatrixView& b, int64_t firstColumn, int64_t columns, int64_t depth, float* to) {
  const bool contiguous = b.column.stride == 1 && b.column.index == nullptr;
  if (contiguous && columns == tileColumns) {
    for (int64_t k = 0; k < depth; k++) {
      memcpy(to + k * tileColumns, b.data + b.row.at(k) + firstColumn, tileColumns * sizeof(float));
    }
    return;
  }
  for (int64_t n = 0; n < tileColumns; n++) {
    if (n >= columns) {
      for (int64_t k = 0; k < depth; k++) to[k * tileColumns + n] = 0;
      continue;
    }
    const float* const column = b.data + b.column.at(firstColumn + n);
    if (b.row.index == nullptr) {
      for (int64_t k = 0; k < depth; k++) to[k * tileColumns + n] = column[k * b.row.stride];
    } else {
      for (int64_t k = 0; k < depth; k++) to[k * tileColumns + n] = column[b.row.at(k)];
    }
  }
}

/** [depth][tileRows] of one tile, zeros beyond the last row. */
static void packRows(const MatrixView& a, int64_t firstRow, int64_t rows, int64_t firstK, int64_t depth, float* to) {
  for (int64_t r = 0; r < tileRows; r++) {
    if (r >= rows) {
      for (int64_t k = 0; k < depth; k++) to[k * tileRows + r] = 0;
      continue;
    }
    const float* const row = a.data + a.row.at(firstRow + r);
    if (a.column.index == nullptr) {
      const float* const from = row + firstK * a.column.stride;
      for (int64_t k = 0; k < depth; k++) to[k * tileRows + r] = from[k * a.column.stride];
    } else {
      for (int64_t k = 0; k < depth; k++) to[k * tileRows + r] = row[a.column.at(firstK + k)];
    }
  }
}

SWITCHYARD_INLINE void loadTile(Tile& tile, const Product& p, int64_t row, int64_t rows, int64_t column, int64_t columns) {
  for (int r = 0; r < tileRows; r++) {
    const float* const from = r < rows ? p.c + p.cRow.at(row + r) + column : nullptr;
    for (int v = 0; v < tileVectors; v++) {
      const int64_t left = columns - v * lanes;
      if (from == nullptr || left <= 0) tile.at[r][v] = vec{};
      else tile.at[r][v] = left >= lanes ? load(from + v * lanes) : loadPart(from + v * lanes, left);
    }
  }
}

SWITCHYARD_INLINE void storeTile(const Tile& tile, const Product& p, int64_t row, int64_t rows, int64_t column, int64_t columns) {
  for (int r = 0; r < rows; r++) {
    float* const to = p.c + p.cRow.at(row + r) + column;
    for (int v = 0; v < tileVectors; v++) {
      const int64_t left = columns - v * lanes;
      if (left >= lanes) store(to + v * lanes, tile.at[r][v]);
      else if (left > 0) storePart(to + v * lanes, tile.at[r][v], left);
    }
  }
}

SWITCHYARD_INLINE void startTile(Tile& tile, const Product& p, int64_t column, int64_t columns) {
  for (int v = 0; v < tileVectors; v++) {
    const int64_t left = columns - v * lanes;
    vec start{};
    if (p.bias != nullptr && left > 0) {
      start = left >= lanes ? load(p.bias + column + v * lanes) : loadPart(p.bias + column + v * lanes, left);
    }
    for (int r = 0; r < tileRows; r++) tile.at[r][v] = start;
  }
}

/** One block of C: rows [row, rowEnd), panels [panel, panelEnd) of the packed columns that begin at `column0`. */
static void multiplyBlock(const Product& p, const float* packed, int64_t column0, int64_t columnEnd, int64_t row,
                          int64_t rowEnd, int64_t panel, int64_t panelEnd, Arena& arena) {
  const bool rowsInPlace = p.a.column.stride == 1 && p.a.column.index == nullptr && p.a.row.index == nullptr;
  const int64_t numTiles = ceilDivide(rowEnd - row, tileRows);
  float* const packedRows = arena.floats(numTiles * tileRows * sliceDepth);
  for (int64_t k = 0; k < p.k; k += sliceDepth) {
    const int64_t depth = smaller(sliceDepth, p.k - k);
    for (int64_t t = 0; t < numTiles; t++) {
      const int64_t rows = smaller(tileRows, rowEnd - row - t * tileRows);
      if (rowsInPlace && rows == tileRows) continue;
      packRows(p.a, row + t * tileRows, rows, k, depth, packedRows + t * tileRows * sliceDepth);
    }
    for (int64_t j = panel; j < panelEnd; j++) {
      const int64_t column = column0 + j * tileColumns;
      const int64_t columns = smaller(tileColumns, columnEnd - column);
      const float* const columnsAt = packed + (j * p.k + k) * tileColumns;
      for (int64_t t = 0; t < numTiles; t++) {
        const int64_t first = row + t * tileRows;
        const int64_t rows = smaller(tileRows, rowEnd - first);
        Tile tile;
        if (k > 0 || p.accumulate) loadTile(tile, p, first, rows, column, columns);
        else startTile(tile, p, column, columns);
        if (rowsInPlace && rows == tileRows) {
          multiplyTile(tile, StridedRows{p.a.data + first * p.a.row.stride + k, p.a.row.stride}, columnsAt, depth);
        } else {
          multiplyTile(tile, PackedRows{packedRows + t * tileRows * sliceDepth}, columnsAt, depth);
        }
        storeTile(tile, p, first, rows, column, columns);
      }
    }
  }
}

/** A product so small that one thread does it; many of them are shared by the threads as a batch. */
static void multiplyAlone(const Product& p, Arena& arena) {
  const int64_t panels = ceilDivide(p.n, tileColumns);
  float* const packed = arena.floats(panels * p.k * tileColumns);
  for (int64_t j = 0; j < panels; j++) {
    const int64_t columns = smaller(tileColumns, p.n - j * tileColumns);
    packColumns(p.b, j * tileColumns, columns, p.k, packed + j * p.k * tileColumns);
  }
  multiplyBlock(p, packed, 0, p.n, 0, p.m, 0, panels, arena);
}

/** Without a k there is nothing to add up: C is the bias, or what it was. */
static void multiplyNothing(const Product& p) {
  if (p.accumulate) return;
  for (int64_t i = 0; i < p.m; i++) {
    float* const to = p.c + p.cRow.at(i);
    for (int64_t j = 0; j < p.n; j++) to[j] = p.bias == nullptr ? 0 : p.bias[j];
  }
}

static void multiply(const Product& p, ThreadPool& pool) {
  if (p.m == 0 || p.n == 0) return;
  if (p.k == 0) return multiplyNothing(p);
  const int64_t panelsAtOnce = smaller(ceilDivide(p.n, tileColumns), 1 + packedFloats / (p.k * tileColumns));
  const int64_t columnsAtOnce = panelsAtOnce * tileColumns;
  const int64_t rowBlocks = ceilDivide(p.m, rowsOfBlock);
  for (int64_t column0 = 0; column0 < p.n; column0 += columnsAtOnce) {
    const int64_t columnEnd = smaller(p.n, column0 + columnsAtOnce);
    const int64_t panels = ceilDivide(columnEnd - column0, tileColumns);
    pool.packed().reset();
    float* const packed = pool.packed().floats(panels * p.k * tileColumns);
    inParallel(pool, panels, [&](int64_t j, Arena&) {
      const int64_t column = column0 + j * tileColumns;
      packColumns(p.b, column, smaller(tileColumns, columnEnd - column), p.k, packed + j * p.k * tileColumns);
    });
    // Enough blocks for many threads, wide enough that packing a block's rows costs little.
    const int64_t columnBlocks = smaller(panels, rowBlocks >= 32 ? ceilDivide(panels, 32) : ceilDivide(32, rowBlocks));
    const int64_t panelsOfBlock = ceilDivide(panels, columnBlocks);
    const int64_t blocks = ceilDivide(panels, panelsOfBlock);
    inParallel(pool, rowBlocks * blocks, [&](int64_t unit, Arena& arena) {
      const int64_t row = unit / blocks * rowsOfBlock;
      const int64_t panel = unit % blocks * panelsOfBlock;
      multiplyBlock(p, packed, column0, columnEnd, row, smaller(p.m, row + rowsOfBlock), panel,
                    smaller(panels, panel + panelsOfBlock), arena);
    });
  }
}

}  // namespace SWITCHYARD_ISA
}  // namespace switchyard
