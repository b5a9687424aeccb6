/** A small training run with everything real but the data, for tests of the loop. */
import type * as tf from "@tensorflow/tfjs";
import type { PluginChoice } from "../../../core/config/config.ts";
import type { RowStore } from "../../../core/data/contracts.ts";
import { createShuffledStream } from "../../../core/data/shuffled-stream.ts";
import type { DictionaryConfig } from "../../../core/model/model-parameters.ts";
import type { SparseAutoencoder } from "../../../core/model/sparse-autoencoder.ts";
import { createRng } from "../../../core/model/rng.ts";
import type { Optimizer } from "../../../core/training/contracts.ts";
import type { TrainingInput } from "../../../core/training/training-input.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import type { AnyPlugin } from "../../../core/plugin/define-plugin.ts";
import { auxK } from "../../../plugins/loss/aux-k.ts";
import { gateReconstruction } from "../../../plugins/loss/gate-reconstruction.ts";
import { l0 } from "../../../plugins/loss/l0.ts";
import { l1 } from "../../../plugins/loss/l1.ts";
import { loadBalance } from "../../../plugins/loss/load-balance.ts";
import { reconstruction } from "../../../plugins/loss/reconstruction.ts";
import { adam } from "../../../plugins/optimizer/adam.ts";
import { linearDecay } from "../../../plugins/schedule/linear-decay.ts";
import { buildPlugin } from "../model/build-plugin.ts";
import { makeModel, normalRows } from "../model/make-model.ts";

export const width = 8;
export const batchSize = 16;

const defaultLosses: readonly PluginChoice[] = [{ type: "reconstruction" }, { type: "load-balance", weight: 0.1 }];
const lossPlugins: readonly AnyPlugin[] = [reconstruction, loadBalance, auxK, gateReconstruction, l0, l1];

export interface TrainingChoice {
  readonly steps?: number;
  readonly seed?: number;
  readonly startRow?: number;
  readonly router?: PluginChoice;
  readonly features?: number;
  readonly optimizer?: Partial<PluginChoice>;
  readonly rows?: Float32Array;
  readonly expert?: PluginChoice;
  readonly dictionary?: Partial<DictionaryConfig>;
  /** In place of reconstruction and load-balance. */
  readonly losses?: readonly PluginChoice[];
  readonly config?: Partial<TrainingInput["config"]>;
}

export interface Training {
  readonly input: TrainingInput;
  readonly model: SparseAutoencoder;
  readonly optimizer: Optimizer;
  dispose(): void;
}

export function makeTraining(device: Device, choice: TrainingChoice = {}): Training {
  const { steps = 20, seed = 0 } = choice;
  const router = choice.router ?? { type: "switch", experts: 4 };
  const model = makeModel({
    ...{ tf: device.tf, kernels: device.kernels, width, features: choice.features ?? 32, router, seed },
    expert: choice.expert ?? { type: "top-k", k: 3 },
    dictionary: { encoderBias: true, ...choice.dictionary },
  });
  const services = { tf: device.tf, kernels: device.kernels, shape: model.shape };
  const optimizer = buildPlugin(adam, { type: "adam", learningRate: 0.01, ...choice.optimizer }, services).instance;
  const rng = createRng(seed);
  const store = rowStore(choice.rows ?? normalRows(100, width, 7));
  const input: TrainingInput = {
    ...{ tf: device.tf, kernels: device.kernels, model, optimizer, rng },
    losses: (choice.losses ?? defaultLosses).map((loss) => [
      loss.type,
      buildPlugin(findLoss(loss), loss, services).instance,
    ]),
    schedule: buildPlugin(linearDecay, { type: "linear-decay" }, services).instance,
    config: { steps, batchSize, gradientClip: 1, checkpointEvery: 10, logEvery: 5, ...choice.config },
    stream: createShuffledStream({ store, rng, bufferRows: 48, startRow: choice.startRow ?? 0 }),
  };
  return {
    input,
    model,
    optimizer,
    dispose: () => {
      model.parameters.dispose();
      optimizer.dispose();
    },
  };
}

function findLoss({ type }: PluginChoice): AnyPlugin & { readonly kind: "loss" } {
  const plugin = lossPlugins.find(({ name }) => name === type);
  if (plugin === undefined) throw new Error(`no loss ${type}`);
  return plugin as AnyPlugin & { readonly kind: "loss" };
}

/** Every parameter's values by name. */
export function parameterValues(model: SparseAutoencoder): Record<string, Float32Array> {
  const named = model.parameters.all.map(
    ({ name, variable }) => [name, variable.dataSync<"float32">().slice()] as const,
  );
  return Object.fromEntries(named);
}

export function numTensors(tensorflow: typeof tf): number {
  return tensorflow.memory().numTensors;
}

function rowStore(rows: Float32Array): RowStore {
  return {
    numRows: rows.length / width,
    width,
    read: (start, count, into) => {
      into.set(rows.subarray(start * width, (start + count) * width));
      return Promise.resolve();
    },
  };
}

/** Every parameter's and buffer's values by name. */
export function everyValue(model: SparseAutoencoder): Record<string, Float32Array> {
  const { all, buffers } = model.parameters;
  const named = [...all, ...buffers].map(
    ({ name, variable }) => [name, variable.dataSync<"float32">().slice()] as const,
  );
  return Object.fromEntries(named);
}
