/**
 * Small models and sources with chosen outputs, so that an evaluator meets numbers that were worked out by hand.
 *
 * Shapes: B rows, D width, F features, E experts, R experts a row.
 */
import * as tf from "@tensorflow/tfjs";
import type { ActivationSource, RowStore } from "../../../core/data/contracts.ts";
import { evaluate } from "../../../core/evaluation/evaluate.ts";
import type { EvaluateInput, EvaluationOutcome } from "../../../core/evaluation/evaluate.ts";
import type { Evaluator, TrainingCost } from "../../../core/evaluation/contracts.ts";
import type { Code, ModelShape, Routing } from "../../../core/model/contracts.ts";
import type { SparseAutoencoder } from "../../../core/model/sparse-autoencoder.ts";

/** To be awaited before the first tensor: the plain JavaScript backend. */
export async function useCpu(): Promise<void> {
  tf.enableProdMode();
  await tf.setBackend("cpu");
}

export function shapeOf(width: number, features: number, experts = 1, selectedExperts = 1): ModelShape {
  return { width, features, experts, featuresPerExpert: features / experts, selectedExperts, sharedExperts: 0 };
}

export const training: TrainingCost = { steps: 100, batchSize: 8, stepMs: 4, peakMemoryBytes: 250e6 };

/** Rows held in memory; counts how often it was read. */
export function memoryStore(
  rows: readonly (readonly number[])[],
  width: number,
): RowStore & { reads: [number, number][] } {
  const reads: [number, number][] = [];
  return {
    numRows: rows.length,
    width,
    reads,
    read: (start, count, into) => {
      reads.push([start, count]);
      into.set(rows.slice(start, start + count).flat());
      return Promise.resolve();
    },
  };
}

export function sourceOf(
  rows: readonly (readonly number[])[],
  extra: Partial<ActivationSource> = {},
): ActivationSource {
  const width = rows[0]?.length ?? 1;
  return { width, train: memoryStore([], width), heldOut: memoryStore(rows, width), ...extra };
}

export interface FakeModelInput {
  readonly shape: ModelShape;
  /** [F, D] */
  readonly decoder?: readonly (readonly number[])[];
  readonly reconstruct?: (acts_BD: tf.Tensor2D) => tf.Tensor2D;
  readonly code?: (acts_BD: tf.Tensor2D) => Code;
  readonly route?: (acts_BD: tf.Tensor2D) => Routing;
}

/** A model that returns what it is told to. */
export function fakeModel(input: FakeModelInput): SparseAutoencoder {
  const { shape } = input;
  const decoder =
    input.decoder === undefined ? undefined : tf.variable(tf.tensor2d(input.decoder.map((row) => [...row])), false);
  const route = input.route ?? (({ shape: [rows] }: tf.Tensor2D) => allToFirst(rows, shape));
  return {
    shape,
    parameters: {
      all: [],
      buffers: [],
      shared: [],
      get: (name) => {
        if (name !== "decoder" || decoder === undefined) throw new Error(`the fake model has no ${name}`);
        return decoder;
      },
      has: (name) => name === "decoder",
      dispose: () => decoder?.dispose(),
    },
    expertStarts: new Map(),
    forward: (acts_BD) => {
      const reconstruction_BD = (input.reconstruct ?? ((acts) => tf.clone(acts)))(acts_BD);
      return {
        routing: route(acts_BD),
        code: (input.code ?? noneActive)(acts_BD),
        reconstruction_BD,
        normalised: { acts_BD, reconstruction_BD },
        topKAmong: () => {
          throw new Error("the fake model does not encode");
        },
      };
    },
    nextBuffers: () => new Map(),
    initialiseFromRows: () => undefined,
    decode: () => {
      throw new Error("the fake model does not decode");
    },
  };
}

function allToFirst(rows: number, shape: ModelShape): Routing {
  return {
    expertIndices_BR: tf.zeros<tf.Rank.R2>([rows, shape.selectedExperts], "int32"),
    gates_BR: tf.ones<tf.Rank.R2>([rows, shape.selectedExperts]),
  };
}

function noneActive(acts_BD: tf.Tensor2D): Code {
  const rows = acts_BD.shape[0];
  return {
    kind: "sparse",
    indices_BK: tf.zeros<tf.Rank.R2>([rows, 1], "int32"),
    values_BK: tf.zeros<tf.Rank.R2>([rows, 1]),
  };
}

/** One evaluator on one model, with the defaults of this file. */
export async function evaluateOne(
  evaluator: Evaluator,
  input: Partial<EvaluateInput> & Pick<EvaluateInput, "model" | "source">,
): Promise<EvaluationOutcome> {
  return evaluate({
    tf,
    evaluators: [["it", evaluator]],
    config: { rows: 1000, batchSize: 3 },
    training,
    activeFeatures: undefined,
    ...input,
  });
}

/** Numbers without a pattern, the same every time (a linear congruential generator). */
export function scrambled(count: number, seed: number): number[] {
  let state = seed >>> 0;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

export function rowsOf(count: number, width: number, seed: number): number[][] {
  const values = scrambled(count * width, seed);
  return Array.from({ length: count }, (_unused, row) => values.slice(row * width, (row + 1) * width));
}

export function near(actual: number | undefined, expected: number, tolerance = 1e-6): void {
  if (actual === undefined || !(Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected)))) {
    throw new Error(`expected ${expected} within ${tolerance}, received ${String(actual)}`);
  }
}
