/**
 * The compiled kernels as functions, and how the file that holds them is found and loaded.
 *
 * Every function takes its sizes first, then its memory, and checks all of it (kernels/native/arguments.h): a wrong
 * call throws a RangeError with the code NATIVE_ARGUMENT and touches nothing. What a function writes is named last.
 * Functions return when their work is done.
 *
 * Shapes: B rows, D width, F features, E experts, M = F/E, R experts a row, K active features a row.
 */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { nativeStamp } from "./source-stamp.js";

type Floats = Float32Array;
type Ints = Int32Array;

/** beta1, beta2, epsilon, stepSize, rootCorrection: see `AdamStepAttributes`. */
export type AdamConstants = readonly [number, number, number, number, number];

/** B, D, F, K, scale, projected, starts [F+1], positions [BK], rowsOfPairs [BK], coefficients [BK], rows [BD]. */
export type RowGradientArguments = readonly [
  ...[number, number, number, number, number, boolean],
  ...[Ints, Ints, Ints, Floats, Floats],
];

export interface NativeAddon {
  /** Digest of the sources that it was compiled from. */
  readonly stamp: string;
  /** Those that this processor has, best first. */
  readonly instructionSets: readonly string[];
  /** Memory of unspecified content, on huge pages where the system has them. */
  allocate(bytes: number): ArrayBuffer;
  setThreads(threads: number): void;
  /** @param number Position in `instructionSets`. */
  setInstructionSet(number: number): void;
  matMul(
    ...args: readonly [
      ...[batch: number, m: number, n: number, k: number],
      ...[repeatA: boolean, repeatB: boolean, transposeA: boolean, transposeB: boolean],
      ...[a: Floats, b: Floats, bias: Floats | null, c: Floats],
    ]
  ): void;
  /** Sizes are B, D, E, R, M. */
  groupedEncode(...args: readonly [...GroupedSizes, rows: Floats, weights: Floats, experts: Ints, out: Floats]): void;
  groupedDecode(...args: readonly [...GroupedSizes, values: Floats, weights: Floats, experts: Ints, out: Floats]): void;
  groupedOuter(...args: readonly [...GroupedSizes, values: Floats, rows: Floats, experts: Ints, out: Floats]): void;
  encodeTopK(
    ...args: readonly [
      ...[B: number, D: number, E: number, R: number, M: number, K: number],
      ...[acts: Floats, encoder: Floats, bias: Floats | null, experts: Ints, gates: Floats],
      ...[indices: Ints, values: Floats, slots: Ints],
    ]
  ): void;
  sparseDecode(...args: readonly [...SparseSizes, coefficients: Floats, weights: Floats, out: Floats]): void;
  /** out [D]: the decoded rows added up. */
  sparseColumnSums(...args: readonly [...SparseSizes, coefficients: Floats, weights: Floats, out: Floats]): void;
  sparseGatherDot(...args: readonly [...SparseSizes, weights: Floats, rows: Floats, out: Floats]): void;
  sortByFeature(
    ...args: readonly [
      ...[B: number, F: number, K: number, indices: Ints],
      ...[starts: Ints, positions: Ints, rowsOfPairs: Ints],
    ]
  ): void;
  /** @param matrix [F, D], read where the gradient is projected; else null will do. */
  rowSparseAccumulate(...args: readonly [...RowGradientArguments, matrix: Floats | null, out: Floats]): void;
  rowSparseSquaredNorm(...args: readonly [...RowGradientArguments, matrix: Floats | null]): number;
  adamRows(
    ...args: readonly [...AdamConstants, ...RowGradientArguments, parameter: Floats, first: Floats, second: Floats]
  ): void;
  adam(
    ...args: readonly [
      ...[...AdamConstants, size: number, gradient: Floats],
      ...[parameter: Floats, first: Floats, second: Floats],
    ]
  ): void;
  normaliseRows(rows: number, width: number, matrix: Floats): void;
  removeParallelComponent(rows: number, width: number, gradient: Floats, matrix: Floats, out: Floats): void;
  squaredNorm(size: number, values: Floats): number;
  /** Sum of (prediction - target)^2. */
  squaredError(rows: number, width: number, prediction: Floats, target: Floats): number;
  /** out = scale (prediction - target) */
  squaredErrorGradient(
    ...args: readonly [scale: number, rows: number, width: number, prediction: Floats, target: Floats, out: Floats]
  ): void;
  softmax(rows: number, width: number, logits: Floats, out: Floats): void;
  /** out [outer, inner]; an operand that lacks an axis is repeated along it. */
  binary(
    ...args: readonly [
      ...[operation: number, outer: number, inner: number],
      ...[aHasOuter: boolean, aHasInner: boolean, bHasOuter: boolean, bHasInner: boolean],
      ...[a: Floats, b: Floats, out: Floats],
    ]
  ): void;
  unary(operation: number, size: number, values: Floats, out: Floats): void;
  /** [outer, reduced, inner] -> [outer, inner] */
  reduce(
    ...args: readonly [
      ...[operation: number, outer: number, reduced: number, inner: number],
      ...[values: Floats, out: Floats],
    ]
  ): void;
  /** Size of the input, offset, then shape and stride of each of four axes of the output. */
  rearrange(
    ...args: readonly [
      ...[size: number, offset: number, shape0: number, stride0: number, shape1: number, stride1: number],
      ...[shape2: number, stride2: number, shape3: number, stride3: number, values: Floats, out: Floats],
    ]
  ): void;
  gatherRows(
    ...args: readonly [count: number, numRows: number, width: number, indices: Ints, rows: Floats, out: Floats]
  ): void;
}

type GroupedSizes = readonly [B: number, D: number, E: number, R: number, M: number];
type SparseSizes = readonly [B: number, D: number, F: number, K: number, indices: Ints];

/** The addon, or why there is none, in words that continue "native is not available: ". */
export type LoadedAddon = { readonly addon: NativeAddon } | { readonly reason: string; readonly cause?: unknown };

/**
 * @param file For tests: another file than the one that the package builds. The environment variable
 * SWITCHYARD_NATIVE_ADDON names one for a whole process (scripts/sanitize.mjs); its stamp is checked like any other's.
 */
export function loadAddon(file = process.env["SWITCHYARD_NATIVE_ADDON"] ?? builtAddon()): LoadedAddon {
  if (!existsSync(file)) return { reason: reasonOfBuild(join(dirname(file), "status.json")) };
  try {
    const addon = createRequire(import.meta.url)(file) as NativeAddon;
    if (addon.stamp !== nativeStamp(packageFolder())) return { reason: "it was built from other sources than these" };
    return { addon };
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    return { reason: `it is built but does not load (${message.split("\n")[0] ?? ""})`, cause };
  }
}

function builtAddon(): string {
  return join(packageFolder(), "build", "native", "switchyard.node");
}

function reasonOfBuild(statusFile: string): string {
  if (!existsSync(statusFile)) return "it was not built: the package's install script did not run";
  const status = parsed(readFileSync(statusFile, "utf8"));
  const known = typeof status === "object" && status !== null && "reason" in status ? status.reason : undefined;
  return typeof known === "string" ? known : "its build was interrupted";
}

/** undefined for a text that breaks off. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** The bundler puts this module into dist/ or dist/chunks/; the sources lie in kernels/native/. */
function packageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json")) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}
