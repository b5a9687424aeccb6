// Encode top-k in one pass. A unit of work is a block of rows of one expert: their activations are packed once into
// the second-level cache, the expert's rows are streamed past them where they lie, and each register tile of
// pre-activations is compared with the rows' thresholds before it is dropped. No pre-activation is ever stored; with
// one expert neither. Packing the activations and not the encoder is what makes small groups of rows cheap.
//
// The features of a row arrive in ascending order, so a candidate that only equals the threshold has lost its tie.
#include "../native/calls.h"
#include "../native/expert-groups.h"
#include "../native/micro-kernel.h"
#include "../native/parallel.h"
#include "candidates.h"

namespace switchyard {
namespace SWITCHYARD_ISA {

constexpr int64_t packedBytes = 256 * 1024;

/** Rows of one expert that are encoded together. */
struct RowBlock {
  int64_t expert;
  /** Position of the first pair among the grouped pairs. */
  int64_t first;
  int64_t count;
};

/** What one pair keeps: at most K candidates with a positive key. */
struct PairLists {
  Candidate* candidates;
  int32_t* counts;
};

/** The rows of a block while features stream past. */
struct Selection {
  /** [rows] a candidate must exceed it; infinite for the lanes behind the last row. */
  float* thresholds;
  /** [rows] multiplies a value to give its key; all 1 with one expert a row. */
  float* gates;
  /** [rows][capacity] */
  Candidate* candidates;
  int64_t* counts;
  int64_t capacity;
  int64_t K;
};

static int64_t planBlocks(const ExpertGroups& groups, const EncodeTopKCall& call, RowBlock* blocks) {
  const int64_t panelBytes = call.D * tileColumns * static_cast<int64_t>(sizeof(float));
  const int64_t panels = packedBytes / panelBytes < 1 ? 1 : smaller(16, packedBytes / panelBytes);
  int64_t numBlocks = 0;
  for (int64_t e = 0; e < call.E; e++) {
    const int64_t parts = ceilDivide(groups.size(e), panels * tileColumns);
    if (parts == 0) continue;
    const int64_t rows = ceilDivide(ceilDivide(groups.size(e), parts), tileColumns) * tileColumns;
    for (int64_t at = 0; at < groups.size(e); at += rows) {
      blocks[numBlocks++] = RowBlock{e, groups.starts[e] + at, smaller(rows, groups.size(e) - at)};
    }
  }
  return numBlocks;
}

/** [panel][D][tileColumns]: activations with the rows innermost, zeros behind the last row. */
static float* packActivations(const EncodeTopKCall& call, const int32_t* rows, int64_t count, Arena& arena) {
  const int64_t panels = ceilDivide(count, tileColumns);
  float* const packed = arena.floats(panels * call.D * tileColumns);
  for (int64_t n = 0; n < panels * tileColumns; n++) {
    float* const to = packed + n / tileColumns * call.D * tileColumns + n % tileColumns;
    if (n >= count) {
      for (int64_t d = 0; d < call.D; d++) to[d * tileColumns] = 0;
    } else {
      const float* const from = call.acts + rows[n] * call.D;
      for (int64_t d = 0; d < call.D; d++) to[d * tileColumns] = from[d];
    }
  }
  return packed;
}

static Selection beginSelection(const EncodeTopKCall& call, const int32_t* pairs, int64_t count, Arena& arena) {
  const int64_t rows = ceilDivide(count, tileColumns) * tileColumns;
  Selection s{};
  s.K = call.K;
  s.capacity = 2 * call.K + 16;
  s.thresholds = arena.floats(rows);
  s.gates = arena.floats(rows);
  s.counts = static_cast<int64_t*>(arena.take(static_cast<size_t>(rows) * sizeof(int64_t)));
  s.candidates = static_cast<Candidate*>(arena.take(static_cast<size_t>(rows * s.capacity) * sizeof(Candidate)));
  for (int64_t n = 0; n < rows; n++) {
    s.thresholds[n] = n < count ? 0.0f : __builtin_inff();
    s.gates[n] = n < count && call.R > 1 ? call.gates[pairs[n]] : 1.0f;
    s.counts[n] = 0;
  }
  return s;
}

static void prune(Selection& s, int64_t row) {
  Candidate* const at = s.candidates + row * s.capacity;
  selectBest(at, s.counts[row], s.K);
  s.counts[row] = s.K;
  s.thresholds[row] = keyOf(lowestOrder(at, s.K));
}

/** One feature of the lanes of one vector whose key beats their threshold. */
static __attribute__((noinline)) void offer(Selection& s, int64_t row, uint32_t mask, vec keys, vec values, int64_t feature) {
  float key[lanes];
  float value[lanes];
  memcpy(key, &keys, sizeof keys);
  memcpy(value, &values, sizeof values);
  for (; mask != 0; mask &= mask - 1) {
    const int lane = __builtin_ctz(mask);
    const int64_t at = row + lane;
    s.candidates[at * s.capacity + s.counts[at]] = Candidate{orderOf(key[lane], feature), value[lane], 0};
    if (++s.counts[at] == s.capacity) prune(s, at);
  }
}

/** Which features a tile holds, and which of its rows are offered. */
struct TileFeatures {
  int64_t first;
  int64_t from;
  int64_t to;
};

/** The pre-activations of one panel's rows. */
SWITCHYARD_INLINE void offerTile(const Tile& tile, Selection& s, int64_t row, TileFeatures features, const float* bias) {
  for (int v = 0; v < tileVectors; v++) {
    const int64_t at = row + v * lanes;
    const vec gates = load(s.gates + at);
#pragma GCC unroll 16
    for (int r = 0; r < tileRows; r++) {
      if (r < features.from || r >= features.to) continue;
      const vec values = bias == nullptr ? tile.at[r][v] : tile.at[r][v] + splat(bias[features.first + r]);
      const vec keys = values * gates;
      const uint32_t mask = greaterMask(keys, load(s.thresholds + at));
      if (__builtin_expect(mask != 0, 0)) offer(s, at, mask, keys, values, features.first + r);
    }
  }
}

/** Brings a part of the rows that come next closer: they lie in one piece, too far for the hardware to foresee. */
SWITCHYARD_INLINE void prefetchPart(const float* next, const float* end, int64_t bytes, int64_t part, int64_t parts) {
  const char* const from = reinterpret_cast<const char*>(next) + bytes * part / parts;
  const char* const to = reinterpret_cast<const char*>(next) + bytes * (part + 1) / parts;
  for (const char* at = from; at < to && at < reinterpret_cast<const char*>(end); at += 64) __builtin_prefetch(at, 0, 2);
}

static void streamFeatures(const EncodeTopKCall& call, int64_t expert, const float* packed, int64_t panels, Selection& s,
                           Arena& arena) {
  const int64_t M = call.F / call.E;
  const float* weights = call.encoder + expert * M * call.D;
  const float* const bias = call.bias == nullptr ? nullptr : call.bias + expert * M;
  int64_t reachable = M;
  if (M < tileRows) {
    // Too few features for a tile: rows of zeros complete it, and are not offered.
    float* const padded = arena.floats(tileRows * call.D);
    memset(padded, 0, static_cast<size_t>(tileRows * call.D) * sizeof(float));
    memcpy(padded, weights, static_cast<size_t>(M * call.D) * sizeof(float));
    weights = padded;
    reachable = tileRows;
  }
  const float* const end = weights + reachable * call.D;
  const int64_t groupBytes = tileRows * call.D * static_cast<int64_t>(sizeof(float));
  for (int64_t m = 0; m < M; m += tileRows) {
    // The last tile is moved back over features that were offered before, so that it is full.
    const int64_t first = m + tileRows <= reachable ? m : reachable - tileRows;
    const TileFeatures features{first, m - first, smaller(tileRows, M - first)};
    for (int64_t j = 0; j < panels; j++) {
      prefetchPart(weights + (first + tileRows) * call.D, end, groupBytes, j, panels);
      Tile tile{};
      multiplyTile(tile, StridedRows{weights + first * call.D, call.D}, packed + j * call.D * tileColumns, call.D);
      offerTile(tile, s, j * tileColumns, features, bias);
    }
  }
}

static void encodeBlock(const EncodeTopKCall& call, const ExpertGroups& groups, const RowBlock& block,
                        const PairLists& lists, Arena& arena) {
  const int32_t* const pairs = groups.pairs + block.first;
  const float* const packed = packActivations(call, groups.rows + block.first, block.count, arena);
  Selection s = beginSelection(call, pairs, block.count, arena);
  streamFeatures(call, block.expert, packed, ceilDivide(block.count, tileColumns), s, arena);
  for (int64_t n = 0; n < block.count; n++) {
    if (s.counts[n] > call.K) prune(s, n);
    lists.counts[pairs[n]] = static_cast<int32_t>(s.counts[n]);
    memcpy(lists.candidates + pairs[n] * call.K, s.candidates + n * s.capacity,
           static_cast<size_t>(s.counts[n]) * sizeof(Candidate));
  }
}

/** ReLU of one pre-activation, added up in the order of a tile. */
static float valueOf(const EncodeTopKCall& call, int64_t row, int64_t feature) {
  const float* const acts = call.acts + row * call.D;
  const float* const weights = call.encoder + feature * call.D;
  float sum = 0;
  for (int64_t d = 0; d < call.D; d++) sum += weights[d] * acts[d];
  if (call.bias != nullptr) sum += call.bias[feature];
  return sum > 0 ? sum : 0;
}

/** The slots of a row in ascending order of their experts. */
static void orderSlots(const int32_t* experts, int64_t R, int32_t* slots) {
  for (int64_t r = 0; r < R; r++) {
    int64_t at = r;
    for (; at > 0 && experts[slots[at - 1]] > experts[r]; at--) slots[at] = slots[at - 1];
    slots[at] = static_cast<int32_t>(r);
  }
}

/** Joins the lists of a row's experts into its K best, ascending by feature, and fills up with the lowest zeros. */
static void writeRow(const EncodeTopKCall& call, int64_t row, const PairLists& lists, Arena& arena) {
  const int64_t M = call.F / call.E;
  const int32_t* const experts = call.experts + row * call.R;
  Candidate* const best = static_cast<Candidate*>(arena.take(static_cast<size_t>(call.R * call.K) * sizeof(Candidate)));
  int64_t count = 0;
  for (int64_t r = 0; r < call.R; r++) {
    const int64_t pair = row * call.R + r;
    for (int64_t i = 0; i < lists.counts[pair]; i++) {
      const Candidate& from = lists.candidates[pair * call.K + i];
      const int64_t feature = experts[r] * M + indexOf(from.order);
      best[count++] = Candidate{orderOf(keyOf(from.order), feature), from.value, static_cast<int32_t>(r)};
    }
  }
  if (count > call.K) {
    selectBest(best, count, call.K);
    count = call.K;
  }
  sortByIndex(best, count);
  int32_t* const slots = arena.ints(call.R);
  orderSlots(experts, call.R, slots);
  int64_t missing = call.K - count;
  int64_t next = 0;
  int64_t out = row * call.K;
  const auto write = [&](int64_t feature, float value, int32_t slot) {
    call.indices[out] = static_cast<int32_t>(feature);
    call.values[out] = value;
    call.slots[out++] = slot;
  };
  for (int64_t r = 0; r < call.R && (missing > 0 || next < count); r++) {
    const int64_t first = static_cast<int64_t>(experts[slots[r]]) * M;
    for (int64_t feature = first; feature < first + M && missing > 0; feature++) {
      if (next < count && indexOf(best[next].order) == feature) {
        write(feature, best[next].value, best[next].slot);
        next++;
      } else {
        // With several experts a feature may be a zero by its gate alone: its own value is then asked for.
        write(feature, call.R == 1 ? 0 : valueOf(call, row, feature), slots[r]);
        missing--;
      }
    }
    for (; next < count && indexOf(best[next].order) < first + M; next++) {
      write(indexOf(best[next].order), best[next].value, best[next].slot);
    }
  }
}

static void encodeTopK(const EncodeTopKCall& call, ThreadPool& pool) {
  Arena& memory = pool.lists();
  memory.reset();
  const int64_t pairs = call.B * call.R;
  const ExpertGroups groups = groupByExpert(call.experts, call.B, call.R, call.E, memory);
  const int64_t mostBlocks = call.E + ceilDivide(pairs, tileColumns);
  RowBlock* const blocks = static_cast<RowBlock*>(memory.take(static_cast<size_t>(mostBlocks) * sizeof(RowBlock)));
  const int64_t numBlocks = planBlocks(groups, call, blocks);
  const PairLists lists{
      static_cast<Candidate*>(memory.take(static_cast<size_t>(pairs * call.K) * sizeof(Candidate))),
      memory.ints(pairs),
  };
  inParallel(pool, numBlocks, [&](int64_t unit, Arena& arena) {
    encodeBlock(call, groups, blocks[unit], lists, arena);
  });
  inParallel(pool, ceilDivide(call.B, 64), [&](int64_t unit, Arena& arena) {
    for (int64_t row = unit * 64; row < smaller(call.B, unit * 64 + 64); row++) {
      arena.reset();
      writeRow(call, row, lists, arena);
    }
  });
}

}  // namespace SWITCHYARD_ISA
}  // namespace switchyard
