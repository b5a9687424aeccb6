/**
 * What an evaluator is. All evaluators of a run watch one pass over the held-out rows, then finish.
 *
 * Shapes: B rows of a batch, D width.
 */
import type * as tf from "@tensorflow/tfjs";
import type { ActivationSource } from "../data/contracts.ts";
import type { Code, ModelShape, RouterFacts, Routing } from "../model/contracts.ts";
import type { SparseAutoencoder } from "../model/sparse-autoencoder.ts";

/** One held-out batch with its forward pass. The tensors are disposed after every evaluator saw them. */
export interface EvaluationBatch {
  readonly acts_BD: tf.Tensor2D;
  readonly reconstruction_BD: tf.Tensor2D;
  readonly code: Code;
  readonly routing: Routing;
  /** Position of every row in its context, length B, where the source knows it. */
  readonly positions_B?: Int32Array;
}

/** Which experts the rows of a routing probe went to at one moment of training (core/run/routing-record.ts). */
export interface RoutingMoment {
  /** Finished steps. */
  readonly step: number;
  /** [N, R], row-major, ascending in a row: the experts that were chosen. */
  readonly experts_NR: Int32Array;
  /** N: the first held-out rows. */
  readonly numRows: number;
}

/** What the training of the run cost, as measured. */
export interface TrainingCost {
  readonly steps: number;
  readonly batchSize: number;
  /** Median wall-clock of the logged training steps, without data loading; 0 when unknown. */
  readonly stepMs: number;
  /** Largest resident set of the process that trained; 0 when this process did not. */
  readonly peakMemoryBytes: number;
}

export interface EvaluationContext {
  readonly model: SparseAutoencoder;
  readonly shape: ModelShape;
  readonly source: ActivationSource;
  readonly training: TrainingCost;
  /** K where the expert fixes it, if only on average. */
  readonly activeFeatures: number | undefined;
  /** What the router states of its cost; left out where nothing is known of it. */
  readonly router?: Pick<RouterFacts, "scores" | "trainedScores"> | undefined;
  /** What training recorded of the routing, in order of steps; left out where nothing is routed or recorded. */
  readonly routingMoments?: readonly RoutingMoment[];
}

export interface EvaluationResult {
  /** Local metric name -> value; stored as `<evaluator>/<metric>`. Not-a-number is never stored: leave it out. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Larger results for the report (an E x E matrix, a histogram), JSON-serialisable. */
  readonly artefacts?: Readonly<Record<string, unknown>>;
}

/** One evaluation of one model. */
export interface Evaluation {
  /** Called for every held-out batch; do not keep or dispose its tensors. */
  observe?(batch: EvaluationBatch): void | Promise<void>;
  /** `undefined` when this evaluator does not apply to the run (no language model, no ground truth). */
  finish(): Promise<EvaluationResult | undefined> | EvaluationResult | undefined;
}

export interface Evaluator {
  /** Local metric names with their meaning, for tables and docs. */
  readonly metrics: Readonly<Record<string, MetricDescription>>;
  begin(context: EvaluationContext): Evaluation;
}

export interface MetricDescription {
  readonly summary: string;
  readonly unit?: string;
  readonly better?: "lower" | "higher";
}

declare module "../plugin/kinds.ts" {
  interface PluginKinds {
    evaluator: { creates: Evaluator; facts: undefined };
  }
}
