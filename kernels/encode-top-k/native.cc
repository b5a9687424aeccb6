// Encode top-k in one pass. A unit of work is a block of rows of one expert: their activations are packed once into
// the second-level cache, the expert's rows are streamed past them where they lie, and each register tile of
// pre-activations is compared with the rows' thresholds before it is dropped. No pre-activation is ever stored; with
// one expert neither. Packing the activations and not the encoder is what makes small groups of rows cheap.
//
// The features of a row arrive in ascending order, so a candidate that only equals the threshold has lost its tie.
// Longer than other kernels: packing, tile and thresholds share the register layout, and live or die together.
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

/** What the pairs keep: pair p has counts[p] <= K candidates from p K on. */
struct PairLists {
  Candidates candidates;
  int32_t* counts;
};

/** The rows of a block while features stream past. Row n has counts[n] candidates from n capacity on. */
struct Selection {
  /** [rows] a candidate must exceed it; infinite for the lanes behind the last row. */
  float* thresholds;
  /** [rows] multiplies a value to give its key; all 1 with one expert a row. */
  float* gates;
  Candidates candidates;
  int64_t* counts;
  int64_t capacity;
  int64_t K;
};

/** @param isGated Whether a key may differ from its value. */
static Candidates takeCandidates(Arena& arena, int64_t count, bool isGated) {
  return Candidates{arena.floats(count), arena.ints(count), isGated ? arena.floats(count) : nullptr};
}

SWITCHYARD_INLINE Candidates from(const Candidates& all, int64_t first) {
  return Candidates{all.keys + first, all.features + first, all.values == nullptr ? nullptr : all.values + first};
}

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
  s.capacity = ceilDivide(2 * call.K + 8, lanes) * lanes;
  s.thresholds = arena.floats(rows);
  s.gates = arena.floats(rows);
  s.counts = static_cast<int64_t*>(arena.take(static_cast<size_t>(rows) * sizeof(int64_t)));
  s.candidates = takeCandidates(arena, rows * s.capacity, call.R > 1);
  for (int64_t n = 0; n < rows; n++) {
    s.thresholds[n] = n < count ? 0.0f : __builtin_inff();
    s.gates[n] = n < count && call.R > 1 ? call.gates[pairs[n]] : 1.0f;
    s.counts[n] = 0;
  }
  return s;
}

static void prune(Selection& s, int64_t row) {
  s.thresholds[row] = keepBest(from(s.candidates, row * s.capacity), s.counts[row], s.K);
  s.counts[row] = s.K;
}

/** One feature of the lanes of one vector whose key beats their threshold. */
static __attribute__((noinline)) void offer(Selection& s, int64_t row, uint32_t mask, vec keys, vec values,
                                            int64_t feature) {
  float key[lanes];
  float value[lanes];
  memcpy(key, &keys, sizeof keys);
  memcpy(value, &values, sizeof values);
  for (; mask != 0; mask &= mask - 1) {
    const int lane = __builtin_ctz(mask);
    const int64_t n = row + lane;
    const int64_t at = n * s.capacity + s.counts[n];
    s.candidates.keys[at] = key[lane];
    s.candidates.features[at] = static_cast<int32_t>(feature);
    if (s.candidates.values != nullptr) s.candidates.values[at] = value[lane];
    if (++s.counts[n] == s.capacity) prune(s, n);
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

static void copy(const Candidates& source, const Candidates& target, int64_t count) {
  const size_t bytes = static_cast<size_t>(count) * sizeof(float);
  memcpy(target.keys, source.keys, bytes);
  memcpy(target.features, source.features, bytes);
  if (source.values != nullptr) memcpy(target.values, source.values, bytes);
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
    copy(from(s.candidates, n * s.capacity), from(lists.candidates, pairs[n] * call.K), s.counts[n]);
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

/**
 * The lists of a row's experts, one after the other in ascending order of features, reduced to their K best.
 * @returns Their number.
 */
static int64_t joinLists(const EncodeTopKCall& call, int64_t row, const int32_t* slots, const PairLists& lists,
                         const Candidates& joined, int32_t* slotsOfJoined) {
  const int64_t M = call.F / call.E;
  int64_t count = 0;
  for (int64_t r = 0; r < call.R; r++) {
    const int64_t pair = row * call.R + slots[r];
    const int32_t first = static_cast<int32_t>(call.experts[pair] * M);
    copy(from(lists.candidates, pair * call.K), from(joined, count), lists.counts[pair]);
    for (int64_t i = 0; i < lists.counts[pair]; i++) joined.features[count + i] += first;
    count += lists.counts[pair];
  }
  if (count > call.K) {
    keepBest(joined, count, call.K);
    count = call.K;
  }
  int64_t r = 0;
  for (int64_t i = 0; i < count; i++) {
    while (joined.features[i] >= (call.experts[row * call.R + slots[r]] + 1) * M) r++;
    slotsOfJoined[i] = slots[r];
  }
  return count;
}

/** A row's K best, ascending by feature; where fewer are positive, the lowest others of its experts fill up. */
static void writeRow(const EncodeTopKCall& call, int64_t row, const PairLists& lists, Arena& arena) {
  const int64_t M = call.F / call.E;
  const int32_t* const experts = call.experts + row * call.R;
  int32_t* const slots = arena.ints(call.R);
  orderSlots(experts, call.R, slots);
  const Candidates best = takeCandidates(arena, call.R * call.K, call.R > 1);
  int32_t* const slotsOfBest = arena.ints(call.R * call.K);
  const int64_t count = joinLists(call, row, slots, lists, best, slotsOfBest);
  const float* const values = best.values == nullptr ? best.keys : best.values;
  int64_t missing = call.K - count;
  int64_t next = 0;
  int64_t out = row * call.K;
  const auto write = [&](int64_t feature, float value, int32_t slot) {
    call.indices[out] = static_cast<int32_t>(feature);
    call.values[out] = value;
    call.slots[out++] = slot;
  };
  const auto writeNext = [&] {
    write(best.features[next], values[next], slotsOfBest[next]);
    next++;
  };
  for (int64_t r = 0; r < call.R && missing > 0; r++) {
    const int64_t first = experts[slots[r]] * M;
    for (int64_t feature = first; feature < first + M && missing > 0; feature++) {
      if (next < count && best.features[next] == feature) {
        writeNext();
      } else {
        // With several experts a feature may be a zero by its gate alone: its own value is then asked for.
        write(feature, call.R == 1 ? 0 : valueOf(call, row, feature), slots[r]);
        missing--;
      }
    }
  }
  while (next < count) writeNext();
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
      takeCandidates(memory, pairs * call.K, call.R > 1),
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
