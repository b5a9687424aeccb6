/**
 * Runs all evaluators of a run over one pass of the held-out rows. Every batch goes through the model once, whatever
 * the number of evaluators; the tensors of a batch are disposed before the next is read, so memory does not grow
 * with the number of rows.
 *
 * Shapes: B rows of a batch, D width.
 */
import type * as tf from "@tensorflow/tfjs";
import type { EvaluationConfig } from "../config/config.ts";
import type { ActivationSource } from "../data/contracts.ts";
import { SwitchyardError, messageOf } from "../errors/switchyard-error.ts";
import type { Code } from "../model/contracts.ts";
import type { ForwardPass, SparseAutoencoder } from "../model/sparse-autoencoder.ts";
import type {
  Evaluation,
  EvaluationBatch,
  EvaluationContext,
  Evaluator,
  RoutingMoment,
  TrainingCost,
} from "./contracts.ts";

export interface EvaluateInput {
  readonly tf: typeof tf;
  readonly model: SparseAutoencoder;
  /** Name as in the config, and the evaluator. Metrics are stored as `<name>/<metric>`. */
  readonly evaluators: readonly (readonly [name: string, evaluator: Evaluator])[];
  readonly source: ActivationSource;
  readonly config: Pick<EvaluationConfig, "rows" | "batchSize">;
  readonly training: TrainingCost;
  /** K where the expert fixes it. */
  readonly activeFeatures: number | undefined;
  readonly router?: EvaluationContext["router"];
  readonly routingMoments?: readonly RoutingMoment[];
}

export interface EvaluationOutcome {
  /** `<evaluator>/<metric>` -> finite value. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Evaluator -> artefact name -> JSON-serialisable value. */
  readonly artefacts: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

interface Running {
  readonly name: string;
  readonly evaluation: Evaluation;
}

/**
 * How many held-out rows an evaluation looks at. Asked before training too, so that a run does not train for nothing.
 * @throws SwitchyardError NO_HELD_OUT_ROWS
 */
export function numEvaluatedRows(
  { heldOut }: Pick<ActivationSource, "heldOut">,
  { rows }: { readonly rows: number },
): number {
  const numRows = Math.min(rows, heldOut.numRows);
  if (numRows >= 1) return numRows;
  throw new SwitchyardError("NO_HELD_OUT_ROWS", "There are no held-out rows to evaluate on.", {
    where: "source",
    expected: "at least 1 held-out row",
    received: `${heldOut.numRows} held-out rows, evaluation.rows ${rows}`,
    next: "Give the source more data, or raise its held-out share (heldOutRows, heldOutFraction).",
  });
}

/**
 * Evaluates a model on the first `config.rows` held-out rows (all of them when there are fewer), in order.
 * @returns Metrics and artefacts; evaluators that do not apply to the run contribute nothing.
 * @throws SwitchyardError EVALUATOR_FAILED when an evaluator throws, METRIC_NOT_FINITE when a metric is NaN or
 *   infinite, NO_HELD_OUT_ROWS when there is nothing to evaluate on.
 */
export async function evaluate(input: EvaluateInput): Promise<EvaluationOutcome> {
  const numRows = numEvaluatedRows(input.source, input.config);
  const context: EvaluationContext = {
    model: input.model,
    shape: input.model.shape,
    source: input.source,
    training: input.training,
    activeFeatures: input.activeFeatures,
    router: input.router,
    ...(input.routingMoments === undefined ? {} : { routingMoments: input.routingMoments }),
  };
  const running: Running[] = [];
  for (const [name, evaluator] of input.evaluators) {
    running.push({ name, evaluation: await guarded(name, "begin", () => evaluator.begin(context)) });
  }
  if (running.some(({ evaluation }) => evaluation.observe !== undefined)) await observeRows(input, running, numRows);
  return finishAll(running);
}

async function observeRows(input: EvaluateInput, running: readonly Running[], numRows: number): Promise<void> {
  const { heldOut } = input.source;
  const buffer = new Float32Array(Math.min(input.config.batchSize, numRows) * heldOut.width);
  for (let start = 0; start < numRows; start += input.config.batchSize) {
    const count = Math.min(input.config.batchSize, numRows - start);
    await heldOut.read(start, count, buffer);
    // A copy, because the cpu backend keeps the array that it is given and `buffer` is read into again.
    const acts_BD = input.tf.tensor2d(buffer.slice(0, count * heldOut.width), [count, heldOut.width]);
    await observeBatch(input, running, acts_BD, start);
  }
}

/** @param start The held-out row that the batch starts at. */
async function observeBatch(
  input: EvaluateInput,
  running: readonly Running[],
  acts_BD: tf.Tensor2D,
  start: number,
): Promise<void> {
  const { heldOutPositions } = input.source;
  let owned: readonly tf.Tensor[] = [acts_BD];
  try {
    const { pass, tensors } = forwardTidily(input, acts_BD);
    owned = [...new Set([acts_BD, ...tensors])];
    const batch: EvaluationBatch = {
      acts_BD,
      ...pass,
      ...(heldOutPositions === undefined
        ? {}
        : { positions_B: Int32Array.from({ length: acts_BD.shape[0] }, (_, row) => heldOutPositions(start + row)) }),
    };
    for (const { name, evaluation } of running) {
      await guarded(name, "observe", () => evaluation.observe?.(batch));
    }
  } finally {
    // What the model keeps or owns is not ours to dispose.
    for (const tensor of owned) if (!tensor.kept && !(tensor instanceof input.tf.Variable)) tensor.dispose();
  }
}

function forwardTidily(input: EvaluateInput, acts_BD: tf.Tensor2D): { pass: ForwardPass; tensors: tf.Tensor[] } {
  const kept: ForwardPass[] = [];
  const tensors = input.tf.tidy(() => {
    const pass = input.model.forward(acts_BD);
    kept.push(pass);
    return tensorsOf(pass);
  });
  const [pass] = kept;
  if (pass === undefined) throw new Error("tf.tidy did not run its function");
  return { pass, tensors };
}

function tensorsOf({ reconstruction_BD, code, routing }: ForwardPass): tf.Tensor[] {
  const { expertIndices_BR, gates_BR, probabilities_BE } = routing;
  const routed = [expertIndices_BR, gates_BR, ...(probabilities_BE === undefined ? [] : [probabilities_BE])];
  return [reconstruction_BD, ...codeTensors(code), ...routed];
}

function codeTensors(code: Code): tf.Tensor[] {
  return code.kind === "sparse" ? [code.indices_BK, code.values_BK] : [code.expertIndices_BR, code.values_BRM];
}

async function finishAll(running: readonly Running[]): Promise<EvaluationOutcome> {
  const metrics: Record<string, number> = {};
  const artefacts: Record<string, Readonly<Record<string, unknown>>> = {};
  for (const { name, evaluation } of running) {
    const result = await guarded(name, "finish", () => evaluation.finish());
    if (result === undefined) continue;
    for (const [metric, value] of Object.entries(result.metrics)) {
      if (!Number.isFinite(value)) throw notFinite(`${name}/${metric}`, value);
      metrics[`${name}/${metric}`] = value;
    }
    if (result.artefacts !== undefined) artefacts[name] = result.artefacts;
  }
  return { metrics, artefacts };
}

async function guarded<T>(name: string, phase: string, body: () => T | Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (cause) {
    throw new SwitchyardError("EVALUATOR_FAILED", `The evaluator "${name}" failed: ${messageOf(cause)}`, {
      where: `evaluator/${name}, ${phase}`,
      next: "Fix the evaluator or remove it from evaluation.evaluators; training is not repeated.",
      cause,
    });
  }
}

function notFinite(metric: string, value: number): SwitchyardError {
  return new SwitchyardError("METRIC_NOT_FINITE", `The metric "${metric}" is not a finite number.`, {
    where: metric,
    expected: "a finite number",
    received: String(value),
    next: "If the training diverged (see metrics.jsonl), lower training.optimizer.learningRate.",
  });
}
