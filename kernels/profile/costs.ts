/**
 * What one call of a kernel costs, from its shapes alone: arithmetic and traffic, to be set against what the machine
 * can do.
 *
 * flops: 2 a multiply-add of matrix and vector products; none for other arithmetic, which memory bounds.
 * bytes: what has to be read and written once, at four bytes a number. A gathered row counts each time it is read,
 * so a dictionary that stays in cache may show more than memory gives.
 *
 * Shapes: B rows, D width, F features, E experts, M = F/E features an expert, R experts a row, K features a row; of
 * attention N rows in contexts of T positions.
 */
import type * as tf from "@tensorflow/tfjs";
import { adamStepName } from "../adam-step/contract.ts";
import { causalAttentionName } from "../causal-attention/contract.ts";
import { normaliseRowsName } from "../decoder-norm/contract.ts";
import { encodeTopKName } from "../encode-top-k/contract.ts";
import { normName } from "../global-norm/contract.ts";
import { groupedDecodeName, groupedEncodeName, groupedOuterName } from "../grouped-matmul/contract.ts";
import { numbersToGather } from "../native/deferred.ts";
import { rowSparseAccumulateName } from "../row-sparse-accumulate/contract.ts";
import { sparseDecodeName } from "../sparse-decode/contract.ts";
import { sparseGatherDotName } from "../sparse-gather-dot/contract.ts";
import { deferredName } from "../tape.ts";

export interface KernelCost {
  readonly flops: number;
  readonly bytes: number;
}

/** A call as tfjs makes it. */
export interface KernelUse {
  readonly inputs: Readonly<Record<string, tf.TensorInfo | undefined>>;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly outputs: readonly tf.TensorInfo[];
}

/** Cost of a call of the kernel with this name; one without a rule of its own reads its inputs and writes its outputs. */
export function costOf(kernelName: string, use: KernelUse): KernelCost {
  const rule = Object.hasOwn(rules, kernelName) ? rules[kernelName] : undefined;
  return { flops: rule?.flops?.(use) ?? 0, bytes: rule?.bytes?.(use) ?? bytesPerNumber * throughput(use) };
}

interface Rule {
  readonly flops?: (use: KernelUse) => number;
  readonly bytes?: (use: KernelUse) => number;
}

const bytesPerNumber = 4;

/** Of the three sparse kernels: B*K indices, each of which reads one row of an input and multiplies along it. */
function sparseRule(gathered: string): Rule {
  const gatheredNumbers = (use: KernelUse): number => numbers(use, "indices_BK") * width(use, gathered);
  return {
    flops: (use) => 2 * gatheredNumbers(use),
    bytes: (use) => bytesPerNumber * (throughput(use) - numbers(use, gathered) + gatheredNumbers(use)),
  };
}

const outputTwice: Rule = { bytes: (use) => 2 * bytesPerNumber * written(use) };
const outputOnce: Rule = { bytes: (use) => bytesPerNumber * written(use) };
const nothing: Rule = { bytes: () => 0 };
const product: Rule = { flops: productFlops };

const rules: Readonly<Record<string, Rule>> = {
  [groupedEncodeName]: { flops: (use) => 2 * written(use) * width(use, "acts_BD") },
  [groupedDecodeName]: { flops: (use) => 2 * numbers(use, "values_BRM") * width(use, "weights_FD") },
  [groupedOuterName]: { flops: (use) => 2 * numbers(use, "values_BRM") * width(use, "rows_BD") },
  [encodeTopKName]: { flops: encodeFlops },
  [sparseDecodeName]: sparseRule("decoder_FD"),
  [sparseGatherDotName]: sparseRule("weights_FD"),
  [rowSparseAccumulateName]: sparseRule("rows_BD"),
  // Parameter and two moments are read and written, the gradient is read.
  [adamStepName]: {
    flops: (use) => 2 * gatheredNumbers(use, "gradient"),
    bytes: (use) => bytesPerNumber * (6 * numbers(use, "parameter") + readNumbers(use, "gradient")),
  },
  [normName]: {
    flops: (use) => 2 * gatheredNumbers(use, "x"),
    bytes: (use) => bytesPerNumber * (1 + readNumbers(use, "x")),
  },
  [causalAttentionName]: { flops: attentionFlops },
  [normaliseRowsName]: { bytes: (use) => 2 * bytesPerNumber * numbers(use, "matrix_FD") },
  BatchMatMul: product,
  _FusedMatMul: product,
  // These take a part of their input.
  GatherV2: outputTwice,
  Slice: outputTwice,
  StridedSlice: outputTwice,
  // These do not read theirs.
  OnesLike: outputOnce,
  ZerosLike: outputOnce,
  // These share it, on most backends.
  Identity: nothing,
  // These only note what there is to do.
  [deferredName(sparseDecodeName)]: nothing,
  [deferredName(rowSparseAccumulateName)]: nothing,
  Reshape: nothing,
};

/** 2BRMD */
function encodeFlops(use: KernelUse): number {
  const pairs = numbers(use, "expertIndices_BR");
  const experts = Number(use.attrs["numExperts"]);
  return (2 * pairs * numbers(use, "encoder_FD")) / experts;
}

/** 2ND(T+1): two products of what each position sees, T(T+1)/2 pairs a context and head. */
function attentionFlops(use: KernelUse): number {
  return 2 * written(use) * (Number(use.attrs["contextLength"]) + 1);
}

/** 2mnk for every matrix of the batch. */
function productFlops(use: KernelUse): number {
  const shape = use.inputs["a"]?.shape ?? [];
  const inner = shape.at(use.attrs["transposeA"] === true ? -2 : -1) ?? 0;
  return 2 * written(use) * inner;
}

/** What a kernel reads to use an input: the input, or the rows that a deferred gradient is formed of. */
function readNumbers(use: KernelUse, input: string): number {
  return gatheredNumbers(use, input) || numbers(use, input);
}

/** Numbers in the rows that a deferred gradient is formed of, a kernel's own work; 0 for every other input. */
function gatheredNumbers(use: KernelUse, input: string): number {
  const tensor = use.inputs[input];
  return tensor === undefined ? 0 : numbersToGather(tensor);
}

/** Numbers in an input; 0 when there is none of that name. */
function numbers(use: KernelUse, input: string): number {
  const tensor = use.inputs[input];
  return tensor === undefined ? 0 : sizeOf(tensor);
}

/** Size of the last axis of an input. */
function width(use: KernelUse, input: string): number {
  return use.inputs[input]?.shape.at(-1) ?? 0;
}

function written({ outputs }: KernelUse): number {
  return outputs.reduce((sum, tensor) => sum + sizeOf(tensor), 0);
}

/** Numbers in all inputs and outputs. */
function throughput(use: KernelUse): number {
  const inputs = Object.values(use.inputs);
  return inputs.reduce((sum, tensor) => (tensor === undefined ? sum : sum + sizeOf(tensor)), written(use));
}

function sizeOf({ shape }: tf.TensorInfo): number {
  return shape.reduce((product, size) => product * size, 1);
}
