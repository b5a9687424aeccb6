/**
 * What the examples share: plugins by name on the cpu device, models with given parameters, losses and evaluators on given rows. Everything
 * numerical comes from the public entry (`core/index.ts`, which is `import ... from "switchyard"`); the catalogue alone
 * is internal, and a program of yours passes its plugins in its place.
 *
 *   node --import tsx docs/examples/expert/top-k.ts
 *
 * Shapes: B rows, D width, F features, E experts.
 */
import type * as tensorflow from "@tensorflow/tfjs";
import * as switchyard from "../../core/index.ts";
import type { ActivationSource, AnyPlugin, Created, EvaluationOutcome, LossGradients } from "../../core/index.ts";
import type { ModelChoices, ModelShape, PluginKind, SparseAutoencoder } from "../../core/index.ts";
import { catalogue } from "../../plugins/catalogue.ts";
import { device, matrix, tf } from "./device.ts";
import type { Rows } from "./device.ts";

export { matrix, tf } from "./device.ts";
export { print, printCode, printMetrics, printRouting } from "./printing.ts";

/** A plugin as configs write it. */
export interface Choice {
  readonly type: string;
  readonly [option: string]: unknown;
}

/** Four directions of the plane; as a dictionary, feature 0 looks east, 1 north, 2 west, 3 south. */
export const compass: Rows = [
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
];

/** Builds a plugin by its name. @param shape For the plugins that ask for it. */
export async function build<K extends PluginKind>(kind: K, choice: Choice, shape?: ModelShape): Promise<Created<K>> {
  const { plugin, options } = await use(kind, choice);
  const surroundings = shape === undefined ? { device } : { device, shape };
  return (await switchyard.buildPlugin(plugin, options, surroundings)).instance;
}

export interface ModelOfExample {
  /** Width of an activation; 2 when left out. */
  readonly width?: number;
  /** 4 when left out. */
  readonly features?: number;
  readonly router?: Choice;
  readonly expert: Choice;
  readonly dictionary?: NonNullable<ModelChoices["dictionary"]>;
  /** By name in checkpoints, rows of numbers or one row; those left out start as in training. */
  readonly parameters?: Readonly<Record<string, number | readonly number[] | Rows>>;
}

/** A model of known parameters: unless others are given, its dictionary is the compass. */
export async function buildModel(example: ModelOfExample): Promise<SparseAutoencoder> {
  const { width = 2, features = 4, router = { type: "none" }, expert, dictionary = {}, parameters = {} } = example;
  const { model } = await switchyard.buildModel({
    device,
    ...{ width, features, dictionary },
    router: await use("router", router),
    expert: await use("expert", expert),
  });
  const isCompass = width === 2 && features === 4;
  const given = { ...(isCompass ? { encoder: compass, decoder: compass } : {}), ...parameters };
  for (const [name, values] of Object.entries(given)) {
    const variable = model.parameters.get(name);
    const flat = [values].flat(2);
    if (flat.length !== variable.size) throw new Error(`${name} has ${variable.size} numbers, not ${flat.length}`);
    tf.tidy(() => {
      variable.assign(tf.tensor(flat, variable.shape, "float32"));
    });
  }
  return model;
}

/** The value of a loss on rows, as training computes it, before its weight. */
export async function lossOf(choice: Choice, model: SparseAutoencoder, rows: Rows): Promise<number> {
  const { values, gradients, total, nextBuffers } = await lossPass(choice, model, rows);
  const [value] = await Promise.all(values.map((scalar) => scalar.data()));
  tf.dispose([total, ...values, ...gradients.values(), ...nextBuffers.values()]);
  return value?.[0] ?? Number.NaN;
}

/** The gradient of a loss, times its weight, in one parameter. */
export async function gradientOf(
  choice: Choice,
  model: SparseAutoencoder,
  given: { readonly rows: Rows; readonly parameter: string },
): Promise<tensorflow.Tensor> {
  const { gradients } = await lossPass(choice, model, given.rows);
  return gradients.get(given.parameter) ?? tf.zerosLike(model.parameters.get(given.parameter));
}

async function lossPass(choice: Choice, model: SparseAutoencoder, rows: Rows): Promise<LossGradients> {
  const loss = await build("loss", choice, model.shape);
  return switchyard.lossGradients({
    tf,
    model,
    losses: [[choice.type, loss]],
    acts_BD: matrix(rows),
    training: { step: 0, totalSteps: 1 },
    deadAfterSteps: 10,
  });
}

/** Evaluates a model on rows, and gives the metrics by their own names. */
export async function measure(
  choice: Choice,
  model: SparseAutoencoder,
  rows: Rows,
  given: Partial<ActivationSource> = {},
): Promise<EvaluationOutcome["metrics"]> {
  const { width } = model.shape;
  const store = {
    numRows: rows.length,
    width,
    read: (start: number, count: number, into: Float32Array) => {
      into.set(rows.slice(start, start + count).flat());
      return Promise.resolve();
    },
  };
  const { metrics } = await switchyard.evaluate({
    tf,
    model,
    evaluators: [[choice.type, await build("evaluator", choice, model.shape)]],
    source: { width, train: store, heldOut: store, ...given },
    config: { rows: rows.length, batchSize: rows.length },
    training: { steps: 100, batchSize: 64, stepMs: 2, peakMemoryBytes: 3e8 },
    activeFeatures: undefined,
  });
  return Object.fromEntries(
    Object.entries(metrics).map(([name, value]) => [name.slice(choice.type.length + 1), value]),
  );
}

async function use<K extends PluginKind>(
  kind: K,
  { type, ...options }: Choice,
): Promise<{ readonly plugin: AnyPlugin & { readonly kind: K }; readonly options: Readonly<Record<string, unknown>> }> {
  const plugin = await catalogue[`${kind}/${type}`]?.();
  if (plugin === undefined) throw new Error(`there is no ${kind} "${type}"`);
  return { plugin: plugin as AnyPlugin & { readonly kind: K }, options }; // the catalogue's keys begin with the kind
}
