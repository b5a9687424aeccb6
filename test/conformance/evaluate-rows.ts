/**
 * An evaluator on rows that somebody wrote down, with reconstructions and routing beside them: for tests against numbers
 * worked out by hand, and for the examples in docs/metrics.md. Not for an evaluator that runs the model itself (`cost`).
 *
 * Shapes: N rows, D width, F features, E experts, R experts a row.
 */
import type * as tf from "@tensorflow/tfjs";
import type { ActivationSource, LanguageModelProbe, RowStore } from "../../core/data/contracts.ts";
import type { EvaluationContext, EvaluationResult, RoutingMoment } from "../../core/evaluation/contracts.ts";
import { evaluate } from "../../core/evaluation/evaluate.ts";
import type { Code, ModelShape, Routing } from "../../core/model/contracts.ts";
import type { SparseAutoencoder } from "../../core/model/sparse-autoencoder.ts";
import type { AnyPlugin } from "../../core/plugin/define-plugin.ts";
import { openCpuDevice, withPlugin } from "./workbench.ts";

type Matrix = readonly (readonly number[])[];

export interface RowsToEvaluate {
  /** Options of the evaluator; defaults for those left out. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** [N, D] */
  readonly acts: Matrix;
  /** [N, D]; the rows themselves when left out. */
  readonly reconstruction?: Matrix;
  /** Active features of every row, as [feature, value]; none when left out. Rows have equally many. */
  readonly active?: readonly (readonly (readonly [feature: number, value: number])[])[];
  /** [N, R]; expert 0 when left out. */
  readonly experts?: Matrix;
  /** [N, E] */
  readonly probabilities?: Matrix;
  /** [F, D]; one row of zeros when left out. */
  readonly encoder?: Matrix;
  /** [F, D]; one row of zeros when left out. */
  readonly decoder?: Matrix;
  /** E; 1 when left out. Divides F. */
  readonly numExperts?: number;
  /** Position of every row in its context. */
  readonly positions?: readonly number[];
  readonly groundTruth?: Matrix;
  readonly languageModel?: LanguageModelProbe;
  readonly routingMoments?: readonly RoutingMoment[];
  readonly training?: Partial<EvaluationContext["training"]>;
  /** Rows of a batch; all when left out. */
  readonly batchSize?: number;
}

/**
 * @param plugin An evaluator plugin.
 * @returns Its metrics by their local names, and its artefacts.
 * @throws SwitchyardError as `evaluate`
 */
export async function evaluateRows(plugin: AnyPlugin, rows: RowsToEvaluate): Promise<EvaluationResult> {
  const { tf: tensorflow } = await openCpuDevice();
  const { batchSize = rows.acts.length, options = {} } = rows;
  const shape = shapeOf(rows);
  const source = sourceOf(rows);
  const matrices = new Map(
    (["encoder", "decoder"] as const).map((name) => [name as string, matrixOf(tensorflow, rows[name], shape)]),
  );
  let result: EvaluationResult | undefined;
  try {
    await withPlugin<"evaluator">(plugin, { options }, { shape, source }, async ({ instance }) => {
      const { metrics, artefacts } = await evaluate({
        tf: tensorflow,
        model: modelOf(tensorflow, rows, shape, matrices),
        evaluators: [[plugin.name, instance]],
        source,
        config: { rows: rows.acts.length, batchSize },
        training: { steps: 1, batchSize, stepMs: 0, peakMemoryBytes: 0, ...rows.training },
        activeFeatures: undefined,
        ...(rows.routingMoments === undefined ? {} : { routingMoments: rows.routingMoments }),
      });
      const local = Object.entries(metrics).map(
        ([name, value]) => [name.slice(plugin.name.length + 1), value] as const,
      );
      result = { metrics: Object.fromEntries(local), artefacts: artefacts[plugin.name] ?? {} };
    });
  } finally {
    tensorflow.dispose([...matrices.values()]);
  }
  if (result === undefined) throw new Error("the evaluator was not built");
  return result;
}

function shapeOf({ acts, decoder, encoder, numExperts = 1, experts, active }: RowsToEvaluate): ModelShape {
  const highest = Math.max(0, ...(active ?? []).flat().map(([feature]) => feature));
  const least = Math.ceil((highest + 1) / numExperts) * numExperts;
  const features = (decoder ?? encoder)?.length ?? least;
  return {
    ...{ width: acts[0]?.length ?? 1, features, experts: numExperts, featuresPerExpert: features / numExperts },
    ...{ selectedExperts: experts?.[0]?.length ?? 1, sharedExperts: 0 },
  };
}

function sourceOf({ acts, positions, groundTruth, languageModel }: RowsToEvaluate): ActivationSource {
  const width = acts[0]?.length ?? 1;
  const storeOf = (kept: Matrix): RowStore => ({
    numRows: kept.length,
    width,
    read: (start, count, into) => {
      into.set(kept.slice(start, start + count).flat());
      return Promise.resolve();
    },
  });
  return {
    ...{ width, train: storeOf([]), heldOut: storeOf(acts) },
    ...(positions === undefined ? {} : { heldOutPositions: (row: number) => positions[row] ?? 0 }),
    ...(languageModel === undefined ? {} : { languageModel }),
    ...(groundTruth === undefined
      ? {}
      : { groundTruth: { directions: Float32Array.from(groundTruth.flat()), numFeatures: groundTruth.length } }),
  };
}

function matrixOf(tensorflow: typeof tf, rows: Matrix | undefined, { features, width }: ModelShape): tf.Variable {
  const values = rows === undefined ? new Float32Array(features * width) : Float32Array.from(rows.flat());
  return tensorflow.tidy(() => tensorflow.variable(tensorflow.tensor2d(values, [features, width])));
}

/** Gives back what was written down: batches come in order, so a row is known by its place. */
function modelOf(
  tensorflow: typeof tf,
  rows: RowsToEvaluate,
  shape: ModelShape,
  matrices: ReadonlyMap<string, tf.Variable>,
): SparseAutoencoder {
  let next = 0;
  const tensorOf = (list: Matrix, from: number, count: number, dtype?: "int32"): tf.Tensor2D =>
    tensorflow.tensor2d(
      list.slice(from, from + count).map((row) => [...row]),
      undefined,
      dtype,
    );
  const codeOf = (from: number, count: number): Code => {
    const active = rows.active ?? rows.acts.map(() => [[0, 0] as const]);
    const indices = active.map((row) => row.map(([feature]) => feature));
    const values = active.map((row) => row.map(([, value]) => value));
    return {
      kind: "sparse",
      indices_BK: tensorOf(indices, from, count, "int32"),
      values_BK: tensorOf(values, from, count),
    };
  };
  const routingOf = (from: number, count: number): Routing => {
    const experts = rows.experts ?? rows.acts.map(() => [0]);
    const expertIndices_BR = tensorOf(experts, from, count, "int32");
    const gates_BR = tensorflow.ones<tf.Rank.R2>(expertIndices_BR.shape);
    return rows.probabilities === undefined
      ? { expertIndices_BR, gates_BR }
      : { expertIndices_BR, gates_BR, probabilities_BE: tensorOf(rows.probabilities, from, count) };
  };
  const unused = (): never => {
    throw new Error("rows that were written down are not computed");
  };
  return {
    shape,
    expertStarts: new Map(),
    parameters: {
      ...{ all: [], buffers: [], shared: [], dispose: () => undefined },
      has: (name) => matrices.has(name),
      get: (name) => matrices.get(name) ?? unused(),
    },
    forward: (acts_BD) => {
      const count = acts_BD.shape[0];
      const from = next;
      next += count;
      if (next > rows.acts.length) throw new Error("rows that were written down are for evaluators that run no model");
      const reconstruction_BD = tensorOf(rows.reconstruction ?? rows.acts, from, count);
      return {
        ...{ routing: routingOf(from, count), code: codeOf(from, count), reconstruction_BD },
        ...{ normalised: { acts_BD, reconstruction_BD }, topKAmong: unused },
      };
    },
    nextBuffers: () => new Map(),
    initialiseFromRows: unused,
    decode: unused,
  };
}
