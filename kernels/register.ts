/**
 * Puts our kernels into tfjs' registry: a version of each for a backend, and the gradients, which all backends share.
 * Registering again replaces, so a device may be opened twice and a test may switch versions.
 */
import * as tf from "@tensorflow/tfjs";
import { adamStepHost } from "./adam-step/host.ts";
import { adamStepNative } from "./adam-step/native.ts";
import { adamStepReference } from "./adam-step/reference.ts";
import { adamStepWebGpu } from "./adam-step/webgpu.ts";
import { causalAttentionHost } from "./causal-attention/host.ts";
import { causalAttentionNative } from "./causal-attention/native.ts";
import { causalAttentionReference } from "./causal-attention/reference.ts";
import { causalAttentionWebGpu } from "./causal-attention/webgpu.ts";
import { decoderNormHost } from "./decoder-norm/host.ts";
import { decoderNormNative } from "./decoder-norm/native.ts";
import { decoderNormReference } from "./decoder-norm/reference.ts";
import { decoderNormWebGpu } from "./decoder-norm/webgpu.ts";
import { encodeTopKGradient } from "./encode-top-k/gradient.ts";
import { encodeTopKHost } from "./encode-top-k/host.ts";
import { encodeTopKNative } from "./encode-top-k/native.ts";
import { encodeTopKReference } from "./encode-top-k/reference.ts";
import { encodeTopKWebGpu } from "./encode-top-k/webgpu.ts";
import { globalNormHost } from "./global-norm/host.ts";
import { globalNormNative } from "./global-norm/native.ts";
import { globalNormReference } from "./global-norm/reference.ts";
import { globalNormWebGpu } from "./global-norm/webgpu.ts";
import { groupedMatmulGradients } from "./grouped-matmul/gradient.ts";
import { groupedMatmulHost } from "./grouped-matmul/host.ts";
import { groupedMatmulNative } from "./grouped-matmul/native.ts";
import { groupedMatmulReference } from "./grouped-matmul/reference.ts";
import { groupedMatmulWebGpu } from "./grouped-matmul/webgpu.ts";
import type { Implementation, KernelVersion } from "./kernel-version.ts";
import { rowSparseAccumulateGradient } from "./row-sparse-accumulate/gradient.ts";
import { rowSparseAccumulateHost } from "./row-sparse-accumulate/host.ts";
import { rowSparseAccumulateNative } from "./row-sparse-accumulate/native.ts";
import { rowSparseAccumulateReference } from "./row-sparse-accumulate/reference.ts";
import { rowSparseAccumulateWebGpu } from "./row-sparse-accumulate/webgpu.ts";
import { sparseDecodeGradient } from "./sparse-decode/gradient.ts";
import { sparseDecodeHost } from "./sparse-decode/host.ts";
import { sparseDecodeNative } from "./sparse-decode/native.ts";
import { sparseDecodeReference } from "./sparse-decode/reference.ts";
import { sparseDecodeWebGpu } from "./sparse-decode/webgpu.ts";
import { sparseGatherDotGradient } from "./sparse-gather-dot/gradient.ts";
import { sparseGatherDotHost } from "./sparse-gather-dot/host.ts";
import { sparseGatherDotNative } from "./sparse-gather-dot/native.ts";
import { sparseGatherDotReference } from "./sparse-gather-dot/reference.ts";
import { sparseGatherDotWebGpu } from "./sparse-gather-dot/webgpu.ts";
import { squaredErrorGradient } from "./squared-error/gradient.ts";
import { squaredErrorHost } from "./squared-error/host.ts";
import { squaredErrorNative } from "./squared-error/native.ts";
import { squaredErrorReference } from "./squared-error/reference.ts";
import { squaredErrorWebGpu } from "./squared-error/webgpu.ts";
import { deferrableGradient } from "./tape.ts";

const versions: Readonly<Record<Implementation, readonly KernelVersion[]>> = {
  reference: [
    ...groupedMatmulReference,
    ...encodeTopKReference,
    ...sparseDecodeReference,
    ...sparseGatherDotReference,
    ...rowSparseAccumulateReference,
    ...adamStepReference,
    ...decoderNormReference,
    ...globalNormReference,
    ...squaredErrorReference,
    ...causalAttentionReference,
  ],
  host: [
    ...groupedMatmulHost,
    ...encodeTopKHost,
    ...sparseDecodeHost,
    ...sparseGatherDotHost,
    ...rowSparseAccumulateHost,
    ...adamStepHost,
    ...decoderNormHost,
    ...globalNormHost,
    ...squaredErrorHost,
    ...causalAttentionHost,
  ],
  native: [
    ...groupedMatmulNative,
    ...encodeTopKNative,
    ...sparseDecodeNative,
    ...sparseGatherDotNative,
    ...rowSparseAccumulateNative,
    ...adamStepNative,
    ...decoderNormNative,
    ...globalNormNative,
    ...squaredErrorNative,
    ...causalAttentionNative,
  ],
  webgpu: [
    ...groupedMatmulWebGpu,
    ...encodeTopKWebGpu,
    ...sparseDecodeWebGpu,
    ...sparseGatherDotWebGpu,
    ...rowSparseAccumulateWebGpu,
    ...adamStepWebGpu,
    ...decoderNormWebGpu,
    ...globalNormWebGpu,
    ...squaredErrorWebGpu,
    ...causalAttentionWebGpu,
  ],
};

const gradients: readonly tf.GradConfig[] = [
  ...groupedMatmulGradients,
  encodeTopKGradient,
  ...deferrableGradient(sparseDecodeGradient),
  sparseGatherDotGradient,
  ...deferrableGradient(rowSparseAccumulateGradient),
  squaredErrorGradient,
];

/**
 * Registers one version of every kernel for a backend, and every gradient.
 * @param backendName The tfjs backend: cpu, wasm, tensorflow, ...
 * @param implementation "reference" runs anywhere; "host" needs a backend whose tensors lie in host memory (cpu, wasm);
 *   "native" needs the native backend, "webgpu" the webgpu backend.
 */
export function registerKernels(backendName: string, implementation: Implementation): void {
  replaceKernels(backendName, versions[implementation]);
  for (const gradient of gradients) tf.registerGradient(gradient);
}

/** Registers kernels for a backend, whether or not it has kernels of these names. */
export function replaceKernels(backendName: string, kernels: readonly KernelVersion[]): void {
  for (const { kernelName, kernelFunc } of kernels) {
    // tfjs warns about a second registration, so the first is taken out.
    if (tf.getKernel(kernelName, backendName) as tf.KernelConfig | undefined) {
      tf.unregisterKernel(kernelName, backendName);
    }
    tf.registerKernel({ kernelName, backendName, kernelFunc });
  }
}

/** Names of all kernels, for checks of completeness. */
export function kernelNames(implementation: Implementation): readonly string[] {
  return versions[implementation].map(({ kernelName }) => kernelName);
}
