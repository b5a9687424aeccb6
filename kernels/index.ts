/**
 * The kernels as one object. A device registers the versions for its backend (`registerKernels`) and makes that
 * backend current; what is called here then runs there.
 */
import { adamStep } from "./adam-step/contract.ts";
import { causalAttention } from "./causal-attention/contract.ts";
import { normaliseRows, removeParallelComponent } from "./decoder-norm/contract.ts";
import { encodeTopK } from "./encode-top-k/contract.ts";
import { globalNorm, globalNormScalar } from "./global-norm/contract.ts";
import { groupedDecode, groupedEncode } from "./grouped-matmul/contract.ts";
import type { Kernels } from "./kernels.ts";
import { rowSparseAccumulate } from "./row-sparse-accumulate/contract.ts";
import { sparseDecode } from "./sparse-decode/contract.ts";
import { sparseGatherDot } from "./sparse-gather-dot/contract.ts";
import { squaredError } from "./squared-error/contract.ts";

export { KernelError } from "./kernel-error.ts";
export { registerKernels } from "./register.ts";
export { detach } from "./tape.ts";
export type { Implementation } from "./kernel-version.ts";

/** Checked wrappers around our tfjs kernels; they run on the current backend. */
export function createKernels(): Kernels {
  return {
    groupedEncode,
    groupedDecode,
    encodeTopK,
    sparseDecode,
    sparseGatherDot,
    rowSparseAccumulate,
    adamStep,
    normaliseRows,
    removeParallelComponent,
    squaredError,
    causalAttention,
    globalNorm,
    globalNormScalar,
  };
}
