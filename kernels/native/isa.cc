// All kernels of one instruction set. Compiled once for each of them: see isa.h.
#include "../adam-step/native.cc"
#include "../decoder-norm/native.cc"
#include "../elementwise/native.cc"
#include "../encode-top-k/native.cc"
#include "../global-norm/native.cc"
#include "../grouped-matmul/native.cc"
#include "../layout/native.cc"
#include "../matmul/native.cc"
#include "../reduce/native.cc"
#include "../row-sparse-accumulate/native.cc"
#include "../softmax/native.cc"
#include "../sparse-decode/native.cc"
#include "../sparse-gather-dot/native.cc"
#include "../squared-error/native.cc"
#include "tables.h"

namespace switchyard {
namespace SWITCHYARD_ISA {

#define SWITCHYARD_TEXT_OF(word) #word
#define SWITCHYARD_TEXT(word) SWITCHYARD_TEXT_OF(word)

const KernelTable table = {
    SWITCHYARD_TEXT(SWITCHYARD_ISA),
    lanes,
    matMul,
    groupedEncode,
    groupedDecode,
    groupedOuter,
    encodeTopK,
    sparseDecode,
    sparseGatherDot,
    sparseColumnSums,
    sortByFeature,
    rowSparseAccumulate,
    rowSparseSquaredNorm,
    adamRows,
    adam,
    normaliseRows,
    removeParallelComponent,
    squaredNorm,
    squaredError,
    squaredErrorGradient,
    softmax,
    binary,
    unary,
    reduce,
    rearrange,
    gatherRows,
};

}  // namespace SWITCHYARD_ISA
}  // namespace switchyard
