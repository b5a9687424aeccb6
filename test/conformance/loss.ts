/**
 * What every loss must do, on sparse and on block codes.
 *
 * Shapes: B rows, D width, F features, E experts.
 */
import type * as tf from "@tensorflow/tfjs";
import type { BlockCode, Code, Encoding, ModelShape, Routing } from "../../core/model/contracts.ts";
import { createEncodeContext } from "../../core/model/encode-context.ts";
import { createRng } from "../../core/model/rng.ts";
import type { AnyPlugin } from "../../core/plugin/define-plugin.ts";
import type { Loss, LossInput } from "../../core/training/contracts.ts";
import type { Device } from "../../kernels/devices/device.ts";
import {
  expect,
  expectClose,
  expectFinite,
  expectShape,
  withoutSkipped,
  type ConformanceCase,
} from "./conformance-case.ts";
import { analyticGradients, checkGradients } from "./finite-differences.ts";
import { makeBatch, plainShape, routedShape, type MadeUpBatch } from "./made-up-batch.ts";
import { definitionCases, expectNoLeak, normals, withPlugin, type ConformanceOptions } from "./workbench.ts";

const rows = 6;

export interface LossConformanceOptions extends ConformanceOptions {
  /** Kinds of code that the loss is meant for; both when left out. */
  readonly codes?: readonly Code["kind"][];
  /** Whether the code comes with a gate code and active counts, as those of gated and jump-relu experts do. */
  readonly traits?: boolean;
  /** What the loss takes for a constant though its value depends on it: no gradient may flow there. */
  readonly constants?: readonly ("reconstruction" | "decoder")[];
}

/** Everything that a loss may look at, as variables, so that gradients can be taken in all of it. */
interface LossBench {
  readonly loss: Loss;
  readonly device: Device;
  readonly shape: ModelShape;
  readonly variables: Readonly<Record<string, tf.Variable>>;
  /** The input, of the rows listed (each once, in order, when left out); call it inside tidy. */
  readonly input: (rowsTaken?: readonly number[]) => LossInput;
  readonly value: (rowsTaken?: readonly number[]) => number;
  readonly constants: readonly string[];
}

/**
 * @param plugin A loss plugin.
 * @example for (const { name, run } of lossConformance(myLoss)) test(name, run);
 */
export function lossConformance(plugin: AnyPlugin, given: LossConformanceOptions = {}): readonly ConformanceCase[] {
  const on = (name: string, check: (bench: LossBench) => Promise<void> | void): ConformanceCase => ({
    name,
    run: async () => {
      for (const kind of given.codes ?? (["sparse", "block"] as const)) {
        for (const shape of [plainShape, routedShape]) await withLoss(plugin, given, { shape, kind }, check);
      }
    },
  });
  const cases: readonly ConformanceCase[] = [
    ...definitionCases(plugin, "loss"),
    on("has a finite weight that is not negative, at every step", checkWeight),
    on("is a finite scalar", checkScalar),
    on("has gradients that agree with finite differences", checkGradientsOfLoss),
    on("is the same for a batch repeated twice: a mean over rows, not a sum", ({ value }) => {
      const all = Array.from({ length: rows }, (_unused, row) => row);
      expectClose("the loss of the batch twice", [value([...all, ...all])], [value()], { atol: 1e-6, rtol: 1e-5 });
    }),
    on("does not depend on the order of the rows", ({ value }) => {
      const reversed = Array.from({ length: rows }, (_unused, row) => rows - 1 - row);
      expectClose("the loss of the rows in reverse", [value(reversed)], [value()], { atol: 1e-6, rtol: 1e-5 });
    }),
    on("is finite for a single row", ({ value }) => {
      expectFinite("the loss of one row", [value([0])]);
    }),
    on("is finite, with finite gradients, for an empty code and a perfect reconstruction", checkZero),
    on("is the same again on the same input", ({ value }) => {
      expectClose("the second value", [value()], [value()], { atol: 0, rtol: 0 });
    }),
    on("leaves no tensor behind", ({ device, value }) =>
      expectNoLeak(device, "compute", () => {
        value();
      }),
    ),
  ];
  return withoutSkipped(cases, given.skip);
}

async function withLoss(
  plugin: AnyPlugin,
  given: LossConformanceOptions,
  setting: { readonly shape: ModelShape; readonly kind: Code["kind"] },
  check: (bench: LossBench) => Promise<void> | void,
): Promise<void> {
  const { shape, kind } = setting;
  await withPlugin<"loss">(plugin, given, { shape }, async ({ instance: loss, device }) => {
    const { tf } = device;
    const batch = makeBatch(device, shape, rows);
    const stream = createRng(19).stream("loss");
    const routed = shape.selectedExperts * shape.featuresPerExpert;
    const size = kind === "sparse" ? 3 : routed;
    const variable = (data: Float32Array, dims: number[]): tf.Variable => tf.variable(tf.tensor(data, dims));
    // Away from 0, where an absolute value has no derivative.
    const positive = Float32Array.from({ length: rows * size }, () => 0.2 + stream.uniform());
    const variables = {
      reconstruction: variable(normals(stream, rows * shape.width), [rows, shape.width]),
      code: variable(positive, [rows, size]),
      gates: batch.gates_BR,
      gate: variable(normals(stream, rows * routed).map(Math.abs), [rows, routed]),
      logits: variable(normals(stream, rows * shape.experts), [rows, shape.experts]),
      decoder: batch.decoder_FD,
    };
    const input = (taken?: readonly number[]): LossInput =>
      lossInput(device, { batch, kind, variables, taken, hasTraits: given.traits === true });
    const value = (taken?: readonly number[]): number => tf.tidy(() => loss.compute(input(taken)).dataSync()[0]!);
    try {
      await check({ loss, device, shape, variables, input, value, constants: given.constants ?? [] });
    } finally {
      tf.dispose([variables.reconstruction, variables.code, variables.gate, variables.logits]);
      batch.dispose();
    }
  });
}

interface InputParts {
  readonly batch: MadeUpBatch;
  readonly kind: Code["kind"];
  readonly variables: Readonly<
    Record<"reconstruction" | "code" | "gate" | "gates" | "logits" | "decoder", tf.Variable>
  >;
  readonly taken: readonly number[] | undefined;
  readonly hasTraits: boolean;
}

function lossInput(device: Device, { batch, kind, variables, taken, hasTraits }: InputParts): LossInput {
  const { tf, kernels } = device;
  const { shape } = batch;
  const order = taken ?? Array.from({ length: rows }, (_unused, row) => row);
  const take = (tensor: tf.Tensor): tf.Tensor2D => tf.gather(tensor as tf.Tensor2D, tf.tensor1d([...order], "int32"));
  const expertIndices_BR = take(batch.expertIndices_BR);
  const values = take(variables.code);
  const blockOf = (flat: tf.Tensor2D): BlockCode => {
    const values_BRM = tf.reshape<tf.Rank.R3>(flat, [order.length, shape.selectedExperts, shape.featuresPerExpert]);
    return { kind: "block", expertIndices_BR, values_BRM };
  };
  const code: Code =
    kind === "sparse"
      ? { kind, indices_BK: firstFeatures(tf, expertIndices_BR, shape, values.shape[1]), values_BK: values }
      : blockOf(values);
  const traits = { gateCode: blockOf(take(variables.gate)), activeCounts_B: tf.sum<tf.Tensor1D>(tf.tanh(values), 1) };
  const encoding: Encoding = hasTraits ? { ...code, ...traits } : code;
  const decoder_FD = variables.decoder as tf.Tensor as tf.Tensor2D;
  const logits_BE = take(variables.logits);
  const routing: Routing = {
    expertIndices_BR,
    gates_BR: take(variables.gates),
    probabilities_BE: tf.softmax<tf.Tensor2D>(logits_BE),
    logits_BE,
  };
  const acts_BD = take(batch.acts_BD);
  const context = createEncodeContext({
    ...{ tf, kernels, shape, acts_BD, routing, encoderBias_F: batch.encoderBias_F as tf.Tensor as tf.Tensor1D },
    encoder_FD: batch.encoder_FD as tf.Tensor as tf.Tensor2D,
  });
  return {
    acts_BD,
    reconstruction_BD: take(variables.reconstruction),
    code: encoding,
    routing,
    shape,
    decoder_FD,
    training: { step: 3, totalSteps: 10 },
    dead_F: tf.tensor1d(Array.from({ length: shape.features }, (_unused, feature) => feature % 2)),
    decode: (other, { frozen = false } = {}) => {
      const rows_FD = frozen ? tf.tensor2d(decoder_FD.dataSync(), decoder_FD.shape) : decoder_FD;
      return other.kind === "sparse"
        ? kernels.sparseDecode(other.indices_BK, other.values_BK, rows_FD)
        : kernels.groupedDecode(other.values_BRM, rows_FD, other.expertIndices_BR, shape.experts);
    },
    topKAmong: (k, among_F) => context.topK(k, among_F),
  };
}

/** The first features of each row's first expert. */
function firstFeatures(
  tensorflow: typeof tf,
  expertIndices_BR: tf.Tensor2D,
  shape: ModelShape,
  count: number,
): tf.Tensor2D {
  const first_B1 = tensorflow.slice(expertIndices_BR, [0, 0], [expertIndices_BR.shape[0], 1]);
  const start_B1 = tensorflow.mul(first_B1, tensorflow.scalar(shape.featuresPerExpert, "int32"));
  return tensorflow.add(start_B1, tensorflow.range(0, count, 1, "int32"));
}

function checkWeight({ loss }: LossBench): void {
  for (const step of [0, 1, 10, 1_000, 1_000_000]) {
    const weight = loss.weight(step, 1_000_001);
    expect(Number.isFinite(weight) && weight >= 0, `weight at step ${step}`, "finite, 0 or more", String(weight));
  }
}

function checkScalar({ device, loss, input }: LossBench): void {
  device.tf.tidy(() => {
    const value = loss.compute(input());
    expectShape("the loss", value.shape, []);
    expectFinite("the loss", value.dataSync());
  });
}

function checkGradientsOfLoss({ device, loss, input, variables, constants }: LossBench): void {
  const stream = createRng(23).stream("coordinates");
  const compute = () => ({ values: [loss.compute(input())], coefficients: [Float32Array.of(1)] });
  const trained = Object.fromEntries(Object.entries(variables).filter(([name]) => !constants.includes(name)));
  checkGradients({ device, variables: trained, compute, stream, maxCoordinates: 24 });
  if (constants.length === 0) return;
  const fixed = Object.fromEntries(Object.entries(variables).filter(([name]) => constants.includes(name)));
  for (const [name, gradient] of analyticGradients(device, fixed, compute)) {
    expect(
      gradient.every((value) => value === 0),
      `gradient in ${name}, a constant of this loss`,
      "0 everywhere",
      String(gradient.find((value) => value !== 0)),
    );
  }
}

function checkZero({ device, loss, input, variables }: LossBench): void {
  const compute = () => {
    const { tf } = device;
    const given = input();
    const code: Encoding =
      given.code.kind === "sparse"
        ? { ...given.code, values_BK: tf.mul(given.code.values_BK, 0) }
        : { ...given.code, values_BRM: tf.mul(given.code.values_BRM, 0) };
    const reconstruction_BD = tf.add<tf.Tensor2D>(tf.mul(given.reconstruction_BD, 0), given.acts_BD);
    const value = loss.compute({ ...given, code, reconstruction_BD });
    expectFinite("the loss", value.dataSync());
    return { values: [value], coefficients: [Float32Array.of(1)] };
  };
  for (const [name, gradient] of analyticGradients(device, variables, compute))
    expectFinite(`gradient in ${name}`, gradient);
}
