/**
 * Finds the tuning that is the fastest on an opened GPU: every choice is measured alone, on the operation that it is
 * about, at sizes of training. A choice whose results are not those of the default, bit for bit, is left out: a tuning
 * changes times and nothing else.
 *
 * Shapes: B rows, D width, F features, E experts, M = F/E, K active features a row; one expert a row.
 */
import type * as tf from "@tensorflow/tfjs";
import type { Device } from "../devices/device.ts";
import { runGroupedOuter } from "../grouped-matmul/contract.ts";
import type { GpuBackend } from "./contracts.ts";
import { gpuBackendOf } from "./memory.ts";
import { secondsOfCall } from "./timing.ts";
import { choices, defaultTuning, tunedNames, type Tuning } from "./tuning.ts";

export interface TuningSize {
  readonly batchSize: number;
  readonly width: number;
  readonly features: number;
  /** Each of these numbers of experts is measured; a choice is judged by all of them. */
  readonly experts: readonly number[];
  readonly activeFeatures: number;
}

export interface MeasuredChoice {
  readonly name: keyof Tuning;
  readonly choice: Tuning[keyof Tuning];
  /** Of a call, for each number of experts; undefined where the results were not those of the default. */
  readonly seconds: readonly number[] | undefined;
}

export interface Autotuned {
  readonly tuning: Tuning;
  readonly measured: readonly MeasuredChoice[];
}

/** What a choice gains must be more than the noise of two measurements. */
const leastGain = 0.03;
/** Numbers of the [B, M] operands of the grouped products, at most: their rows are cut to that. */
const mostNumbers = 2 ** 24;

/**
 * @param device The webgpu device, current. It keeps the tuning that it had.
 * @param onMeasured Told of each choice as it is measured.
 */
export function autotune(
  device: Device,
  size: TuningSize,
  onMeasured: (measured: MeasuredChoice) => void = () => undefined,
): Autotuned {
  const backend = gpuBackendOf(device.tf.backend());
  const before = backend.tuning;
  const measured = new Map<keyof Tuning, readonly MeasuredChoice[]>();
  try {
    device.tf.tidy(() => {
      const workloads = size.experts.map((numExperts) => createWorkloads(device, size, numExperts));
      for (const name of tunedNames) {
        const works = workloads.map((work) => work[name]);
        measured.set(name, measureChoices({ device, backend, name, works }, onMeasured));
      }
    });
  } finally {
    backend.tuning = before;
  }
  const fastestOf = Object.fromEntries([...measured].map(([name, results]) => [name, fastest(results)]));
  return { tuning: { ...defaultTuning, ...fastestOf }, measured: [...measured.values()].flat() };
}

interface Question {
  readonly device: Device;
  readonly backend: GpuBackend;
  readonly name: keyof Tuning;
  /** The operation for each number of experts. */
  readonly works: readonly (() => tf.Tensor)[];
}

function measureChoices(
  { device, backend, name, works }: Question,
  onMeasured: (measured: MeasuredChoice) => void,
): readonly MeasuredChoice[] {
  const { tf } = device;
  backend.tuning = defaultTuning;
  const expected = works.map((work) => work());
  const results = choices[name].map((choice): MeasuredChoice => {
    backend.tuning = { ...defaultTuning, [name]: choice };
    const isSame = works.every((work, i) => isEqual(device, work, expected[i]));
    const seconds = isSame ? works.map((work) => secondsOf(device, work)) : undefined;
    const result = { name, choice, seconds };
    onMeasured(result);
    return result;
  });
  tf.dispose(expected);
  return results;
}

function isEqual({ tf }: Device, work: () => tf.Tensor, expected: tf.Tensor | undefined): boolean {
  if (expected === undefined) return false;
  return tf.tidy(() => tf.max(tf.abs(tf.sub(work(), expected))).dataSync()[0] === 0);
}

function secondsOf(device: Device, work: () => tf.Tensor): number {
  return secondsOfCall({
    call: () => {
      device.tf.dispose(work());
    },
    finish: () => {
      device.wait?.();
    },
  });
}

/** The choice with the least product of its times; the default, unless another gains enough. */
function fastest([first, ...others]: readonly MeasuredChoice[]): Tuning[keyof Tuning] {
  if (first?.seconds === undefined) throw new RangeError("the default was not measured");
  const standard = first.seconds;
  const gains = others.map(({ choice, seconds }) => ({ choice, gain: seconds === undefined ? 0 : gainOf(seconds) }));
  const best = gains.reduce((a, b) => (b.gain > a.gain ? b : a), { choice: first.choice, gain: leastGain });
  return best.choice;

  function gainOf(seconds: readonly number[]): number {
    const logs = seconds.map((time, i) => Math.log((standard[i] ?? Number.NaN) / time));
    return logs.reduce((sum, log) => sum + log, 0) / logs.length;
  }
}

/** The operation that each choice is about. Operands live until the tidy around ends. */
function createWorkloads(
  { tf, kernels }: Device,
  { batchSize: B, width: D, features: F, activeFeatures: K }: TuningSize,
  numExperts: number,
): { readonly [Name in keyof Tuning]: () => tf.Tensor } {
  const M = F / numExperts;
  const rows = Math.max(1, Math.min(B, Math.floor(mostNumbers / M)));
  const normal = (first: number, second: number, seed: number): tf.Tensor2D =>
    tf.randomNormal([first, second], 0, 1, "float32", seed);
  const indices = (first: number, second: number, limit: number): tf.Tensor2D =>
    tf.tensor2d(spread(first * second, limit), [first, second], "int32");
  const acts_BD = normal(B, D, 1);
  const weights_FD = normal(F, D, 2);
  const few_BD = tf.slice2d(acts_BD, [0, 0], [rows, D]);
  const expertsOfFew_B1 = indices(rows, 1, numExperts);
  const experts_B1 = indices(B, 1, numExperts);
  const gates_B1 = tf.ones<tf.Rank.R2>([B, 1]);
  const values_B1M: tf.Tensor3D = tf.reshape(normal(rows, M, 3), [rows, 1, M]);
  const active_BK = indices(B, K, F);
  const coefficients_BK = normal(B, K, 4);
  const attrs = { numExperts };
  return {
    encodeTile: () => kernels.groupedEncode(few_BD, weights_FD, expertsOfFew_B1, numExperts),
    decodeTile: () => kernels.groupedDecode(values_B1M, weights_FD, expertsOfFew_B1, numExperts),
    outerTile: () =>
      runGroupedOuter({ values_BRM: values_B1M, rows_BD: few_BD, expertIndices_BR: expertsOfFew_B1 }, attrs),
    sparseDecodeThreads: () => kernels.sparseDecode(active_BK, coefficients_BK, weights_FD),
    accumulateThreads: () => kernels.rowSparseAccumulate(active_BK, coefficients_BK, acts_BD, F),
    encodePartMiB: () => {
      const code = kernels.encodeTopK({
        ...{ acts_BD, encoder_FD: weights_FD, expertIndices_BR: experts_B1, gates_BR: gates_B1 },
        ...{ numExperts, k: Math.min(K, M) },
      });
      tf.dispose([code.indices_BK, code.slots_BK]);
      return code.values_BK;
    },
  };
}

/** Whole numbers below a limit, evenly used and out of order. */
function spread(count: number, limit: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => (i * 7919) % limit);
}
