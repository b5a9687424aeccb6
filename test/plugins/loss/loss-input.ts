/** Inputs of losses made by hand. */
import * as tf from "@tensorflow/tfjs";
import type { Encoding, ModelShape, TrainingMoment } from "../../../core/model/contracts.ts";
import type { LossInput } from "../../../core/training/contracts.ts";

export interface HandmadeInput {
  readonly shape: ModelShape;
  readonly experts?: readonly (readonly number[])[];
  /** All 1 when left out. */
  readonly gates?: readonly (readonly number[])[];
  readonly probabilities?: readonly (readonly number[])[];
  readonly logits?: readonly (readonly number[])[];
  readonly acts?: number[][];
  readonly reconstruction?: number[][];
  readonly code?: Encoding;
  readonly decoder?: number[][];
  readonly training?: TrainingMoment;
  readonly dead?: readonly number[];
  readonly decode?: LossInput["decode"];
  readonly topKAmong?: LossInput["topKAmong"];
}

export function lossInput(given: HandmadeInput): LossInput {
  const experts = (given.experts ?? [[0]]).map((row) => [...row]);
  const expertIndices_BR = tf.tensor2d(experts, undefined, "int32");
  const matrix = (rows: readonly (readonly number[])[]): tf.Tensor2D => tf.tensor2d(rows.map((row) => [...row]));
  return {
    acts_BD: tf.tensor2d(given.acts ?? [[0]]),
    reconstruction_BD: tf.tensor2d(given.reconstruction ?? [[0]]),
    code: given.code ?? { kind: "block", expertIndices_BR, values_BRM: tf.zeros([experts.length, 1, 1]) },
    routing: {
      expertIndices_BR,
      gates_BR: given.gates === undefined ? tf.ones(expertIndices_BR.shape) : matrix(given.gates),
      ...(given.probabilities === undefined ? {} : { probabilities_BE: matrix(given.probabilities) }),
      ...(given.logits === undefined ? {} : { logits_BE: matrix(given.logits) }),
    },
    shape: given.shape,
    decoder_FD: tf.tensor2d(given.decoder ?? [[0]]),
    training: given.training ?? { step: 0, totalSteps: 100 },
    dead_F: given.dead === undefined ? undefined : tf.tensor1d([...given.dead]),
    decode: given.decode ?? unexpected("decode"),
    topKAmong: given.topKAmong ?? unexpected("topKAmong"),
  };
}

function unexpected(name: string): () => never {
  return () => {
    throw new Error(`this loss was not expected to call ${name}`);
  };
}
