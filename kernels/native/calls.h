// What the kernels of every instruction set are called with. Pointers are to float32 or int32 memory of the sizes that
// the shapes say; the addon has checked lengths, index ranges and that nothing written overlaps anything else.
//
// Shapes: B rows, D width, F features, E experts, M = F/E features an expert, R experts a row, K active features.
#pragma once

#include <stdint.h>

namespace switchyard {

class ThreadPool;

/** c[i] = a[i] b[i] + bias for every i of a batch; a stride of 0 uses one matrix for the whole batch. */
struct MatMulCall {
  const float* a;
  const float* b;
  /** [n], or null. */
  const float* bias;
  float* c;
  int64_t batch, m, n, k;
  int64_t strideA, strideB;
  bool transposeA, transposeB;
};

struct GroupedCall {
  /** [B, D] */
  const float* rows;
  /** [B, R, M] */
  const float* values;
  /** [F, D] */
  const float* weights;
  /** [B, R] */
  const int32_t* experts;
  float* out;
  int64_t B, D, F, E, R;
};

struct EncodeTopKCall {
  const float* acts;
  const float* encoder;
  /** [F], or null. */
  const float* bias;
  const int32_t* experts;
  const float* gates;
  int32_t* indices;
  float* values;
  int32_t* slots;
  int64_t B, D, F, E, R, K;
};

/** Gathers over a sparse code: which matrix is read and which is written depends on the kernel. */
struct SparseCall {
  const int32_t* indices;
  const float* coefficients;
  const float* weights;
  const float* rows;
  float* out;
  int64_t B, D, F, K;
};

/** The pairs of a code ordered by feature: those of feature f are positions[starts[f]] to positions[starts[f + 1] - 1]. */
struct SortCall {
  const int32_t* indices;
  /** [F + 1] */
  int32_t* starts;
  /** [B K], each b K + k, ascending within a feature. */
  int32_t* positions;
  /** [B K], the rows b of the positions. */
  int32_t* rowsOfPairs;
  int64_t B, F, K;
};

/**
 * A gradient of a dictionary that was never formed: row f is scale * sum over the pairs of f of coefficient * row,
 * without its component along row f of `matrix` where `projected`.
 */
struct RowGradient {
  const int32_t* starts;
  const int32_t* positions;
  const int32_t* rowsOfPairs;
  /** [B, K] */
  const float* coefficients;
  /** [B, D] */
  const float* rows;
  float scale;
  bool projected;
  int64_t D, F;
};

struct AdamConstants {
  float beta1, beta2;
  /** 1 - beta, rounded once: in float32 the difference of 1 and 0.999 has four correct digits. */
  float rest1, rest2;
  float epsilon, stepSize, rootCorrection;
};

struct AdamRowsCall {
  RowGradient gradient;
  float* parameter;
  float* first;
  float* second;
  AdamConstants constants;
};

struct AdamCall {
  float* parameter;
  const float* gradient;
  float* first;
  float* second;
  AdamConstants constants;
  int64_t size;
};

struct RowsCall {
  const float* in;
  /** The second operand, where there is one. */
  const float* other;
  float* out;
  int64_t rows, width;
};

enum class Binary : int32_t { add, subtract, multiply, divide, maximum, minimum, squaredDifference, count };
enum class Unary : int32_t { negate, square, squareRoot, reciprocalRoot, relu, step, exponential, sigmoid, absolute, count };
enum class Reduction : int32_t { sum, maximum, count };

/** out [outer, inner]; an operand with a stride of 0 along an axis is repeated along it. */
struct BinaryCall {
  Binary operation;
  const float* a;
  const float* b;
  float* out;
  int64_t outer, inner;
  int64_t aOuter, aInner, bOuter, bInner;
};

struct UnaryCall {
  Unary operation;
  const float* in;
  float* out;
  int64_t size;
};

/** in [outer, reduced, inner] -> out [outer, inner] */
struct ReduceCall {
  Reduction operation;
  const float* in;
  float* out;
  int64_t outer, reduced, inner;
};

/** out[i] = in at the offset that i's coordinates have under `strides`; four axes, the last one innermost. */
struct RearrangeCall {
  const float* in;
  float* out;
  int64_t shape[4];
  int64_t strides[4];
  int64_t offset;
};

/** out[i] = rows[indices[i]] */
struct GatherCall {
  const float* rows;
  const int32_t* indices;
  float* out;
  int64_t count, numRows, width;
};

struct KernelTable {
  const char* name;
  int lanes;
  void (*matMul)(const MatMulCall&, ThreadPool&);
  void (*groupedEncode)(const GroupedCall&, ThreadPool&);
  void (*groupedDecode)(const GroupedCall&, ThreadPool&);
  void (*groupedOuter)(const GroupedCall&, ThreadPool&);
  void (*encodeTopK)(const EncodeTopKCall&, ThreadPool&);
  void (*sparseDecode)(const SparseCall&, ThreadPool&);
  void (*sparseGatherDot)(const SparseCall&, ThreadPool&);
  void (*sparseColumnSums)(const SparseCall&, ThreadPool&);
  void (*sortByFeature)(const SortCall&, ThreadPool&);
  void (*rowSparseAccumulate)(const RowGradient&, const float* matrix, float* out, ThreadPool&);
  double (*rowSparseSquaredNorm)(const RowGradient&, const float* matrix, ThreadPool&);
  void (*adamRows)(const AdamRowsCall&, ThreadPool&);
  void (*adam)(const AdamCall&, ThreadPool&);
  void (*normaliseRows)(const RowsCall&, ThreadPool&);
  void (*removeParallelComponent)(const RowsCall&, ThreadPool&);
  double (*squaredNorm)(const float* in, int64_t size, ThreadPool&);
  double (*squaredError)(const RowsCall&, ThreadPool&);
  void (*squaredErrorGradient)(const RowsCall&, float scale, ThreadPool&);
  void (*softmax)(const RowsCall&, ThreadPool&);
  void (*binary)(const BinaryCall&, ThreadPool&);
  void (*unary)(const UnaryCall&, ThreadPool&);
  void (*reduce)(const ReduceCall&, ThreadPool&);
  void (*rearrange)(const RearrangeCall&, ThreadPool&);
  void (*gatherRows)(const GatherCall&, ThreadPool&);
};

}  // namespace switchyard
