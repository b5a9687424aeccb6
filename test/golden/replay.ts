/**
 * Runs a golden case through our own training loop, built from its config, and measures how far it ends from the
 * recorded numbers.
 */
import type * as tensorflow from "@tensorflow/tfjs";
import type { AnyPlugin } from "../../core/plugin/define-plugin.ts";
import type { PluginChoice } from "../../core/config/config.ts";
import type { Router } from "../../core/model/contracts.ts";
import { overwrite } from "../../core/model/create-parameters.ts";
import { createSparseAutoencoder } from "../../core/model/create-sparse-autoencoder.ts";
import { stepsSinceActive } from "../../core/model/feature-activity.ts";
import { geometricMedian } from "../../core/model/geometric-median.ts";
import { createModelShape } from "../../core/model/model-shape.ts";
import { createRng } from "../../core/model/rng.ts";
import type { SparseAutoencoder } from "../../core/model/sparse-autoencoder.ts";
import type { StepRecord } from "../../core/training/contracts.ts";
import { train } from "../../core/training/train.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { batchTopK } from "../../plugins/expert/batch-top-k.ts";
import { gated } from "../../plugins/expert/gated.ts";
import { jumpRelu } from "../../plugins/expert/jump-relu.ts";
import { matryoshkaBatchTopK } from "../../plugins/expert/matryoshka-batch-top-k.ts";
import { relu } from "../../plugins/expert/relu.ts";
import { topK } from "../../plugins/expert/top-k.ts";
import { auxK } from "../../plugins/loss/aux-k.ts";
import { gateReconstruction } from "../../plugins/loss/gate-reconstruction.ts";
import { l0 } from "../../plugins/loss/l0.ts";
import { l1 } from "../../plugins/loss/l1.ts";
import { loadBalance } from "../../plugins/loss/load-balance.ts";
import { reconstruction } from "../../plugins/loss/reconstruction.ts";
import { adam } from "../../plugins/optimizer/adam.ts";
import { none } from "../../plugins/router/none.ts";
import { switch as switchRouter } from "../../plugins/router/switch.ts";
import { topE } from "../../plugins/router/top-e.ts";
import { linearDecay } from "../../plugins/schedule/linear-decay.ts";
import { buildPlugin } from "../core/model/build-plugin.ts";
import type { CaseConfig } from "./case-configs.ts";
import type { GoldenCase, GoldenTensor } from "./golden-case.ts";

export interface ReplayDevice {
  readonly tf: typeof tensorflow;
  readonly kernels: Kernels;
}

/** Quantity -> relative error (see `relativeError`); `loss` and `grad_norm` are the worst step's. */
export type ReplayErrors = ReadonlyMap<string, number>;

const routers = byName<AnyPlugin & { kind: "router" }>([none, switchRouter, topE]);
const experts = byName<AnyPlugin & { kind: "expert" }>([topK, relu, batchTopK, matryoshkaBatchTopK, gated, jumpRelu]);
const losses = byName<AnyPlugin & { kind: "loss" }>([reconstruction, loadBalance, l1, l0, auxK, gateReconstruction]);

export async function replay(
  golden: GoldenCase,
  config: CaseConfig,
  device: ReplayDevice,
  adapt: (router: Router, tf: typeof tensorflow) => Router = (router) => router,
): Promise<ReplayErrors> {
  const { tf } = device;
  const { recorded, kernels } = recordGradients(device.kernels, config.isRecordedWhole === true);
  const router = buildPlugin(find(routers, config.model.router), config.model.router, { tf });
  const expert = buildPlugin(find(experts, config.model.expert), config.model.expert, { tf });
  const shape = createModelShape({ width: golden.width, features: config.model.features, router: router.facts });
  const model = createSparseAutoencoder({
    ...{ tf, kernels, shape, config: config.model, rng: createRng(0) },
    router: adapt(router.instance, tf),
    expert: expert.instance,
  });
  start(golden, model, tf);
  const services = { tf, kernels, shape };
  const optimizer = buildPlugin(adam, config.training.optimizer, services).instance;
  const records: StepRecord[] = [];
  const errors = new Map<string, number>();
  let served = 0;
  await train({
    ...{ tf, kernels, model, optimizer, rng: { seed: 0 } },
    losses: config.losses.map((choice) => [choice.type, buildPlugin(find(losses, choice), choice, services).instance]),
    schedule: buildPlugin(linearDecay, config.training.schedule, services).instance,
    config: {
      steps: golden.steps,
      batchSize: golden.batchSize,
      gradientClip: config.training.gradientClip,
      ...(config.training.deadAfterRows === undefined ? {} : { deadAfterRows: config.training.deadAfterRows }),
      checkpointEvery: golden.steps,
      logEvery: 1,
    },
    stream: {
      next: (_count, into) => {
        if (served === 1) recorded.isOpen = false;
        into.set(golden.batches[served]!);
        served += 1;
        return Promise.resolve();
      },
    },
    onStep: (record) => {
      records.push(record);
    },
  });
  compareSteps(golden, records, errors);
  if (golden.has("step0.geometric_median")) {
    const median_D = geometricMedian(golden.batches[0]!, golden.width);
    errors.set("step0.geometric_median", relativeError(median_D, golden.get("step0.geometric_median").values));
  }
  for (const [name, expected] of golden.parameters("step0.applied_grad")) {
    const variable = model.parameters.get(name);
    errors.set(
      `step0.applied_grad.${name}`,
      relativeError(recorded.byVariable.get(variable.id) ?? [], expected.values),
    );
  }
  for (const [name, expected] of golden.parameters("final")) {
    errors.set(`final.${name}`, relativeError(model.parameters.get(name).dataSync(), expected.values));
  }
  const reconstruction_BD = tf.tidy(() => {
    const acts_BD = tf.tensor2d(golden.batches[0]!.slice(), [golden.batchSize, golden.width]);
    return model.forward(acts_BD).reconstruction_BD.dataSync();
  });
  const expected = golden.get("final.reconstruction_of_batch0").values;
  errors.set("final.reconstruction_of_batch0", relativeError(reconstruction_BD, expected));
  model.parameters.dispose();
  optimizer.dispose();
  return errors;
}

/** ||actual - expected|| / ||expected||, Frobenius; where expected is all zero, ||actual||. NaN counts as infinite. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let size = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += (actual[i]! - expected[i]!) ** 2;
    size += expected[i]! ** 2;
  }
  const error = Math.sqrt(difference) / (size === 0 ? 1 : Math.sqrt(size));
  return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
}

function compareSteps(golden: GoldenCase, records: readonly StepRecord[], errors: Map<string, number>): void {
  const worst = (values: readonly number[], expected: GoldenTensor): number =>
    Math.max(...expected.values.map((value, step) => relativeError([values[step] ?? Number.NaN], [value])));
  errors.set(
    "loss",
    worst(
      records.map(({ loss }) => loss),
      golden.get("loss"),
    ),
  );
  if (golden.has("grad_norm")) {
    errors.set(
      "grad_norm",
      worst(
        records.map(({ gradientNorm }) => gradientNorm),
        golden.get("grad_norm"),
      ),
    );
  }
  const dead = golden.has("dead_features") ? golden.get("dead_features").values : [];
  if (dead.some((count) => count > 0)) {
    errors.set(
      "dead_features",
      worst(
        records.map(({ deadFeatures = -1 }) => deadFeatures),
        golden.get("dead_features"),
      ),
    );
  }
}

/** Parameters as recorded before step 0; every parameter of the model must have been recorded, and no other. */
function start(golden: GoldenCase, model: SparseAutoencoder, tf: typeof tensorflow): void {
  const initial = golden.parameters("init");
  const { all, buffers } = model.parameters;
  const ours = [...all, ...buffers].map(({ name }) => name).filter((name) => name !== stepsSinceActive);
  ours.sort();
  const theirs = [...initial.keys()].sort();
  if (ours.join() !== theirs.join()) throw new Error(`parameters are ${ours.join()}, recorded are ${theirs.join()}`);
  for (const [name, { shape, values }] of initial) {
    const value = tf.tensor(Float32Array.from(values), [...shape]);
    overwrite(tf, model.parameters.get(name), value);
    value.dispose();
  }
}

/** Kernels that note the gradients which the optimizer applies, until closed. @param isWhole Before it projects them. */
function recordGradients(
  kernels: Kernels,
  isWhole: boolean,
): {
  readonly recorded: { isOpen: boolean; readonly byVariable: Map<number, Float32Array> };
  readonly kernels: Kernels;
} {
  const recorded = { isOpen: true, byVariable: new Map<number, Float32Array>() };
  const adamStep: Kernels["adamStep"] = (parameter, gradient, moments, hyperparameters) => {
    if (recorded.isOpen) {
      const applied =
        hyperparameters.acrossRows === true && !isWhole
          ? kernels.removeParallelComponent(
              gradient as tensorflow.Tensor2D,
              parameter as tensorflow.Tensor as tensorflow.Tensor2D,
            )
          : gradient;
      recorded.byVariable.set(parameter.id, Float32Array.from(applied.dataSync()));
      if (applied !== gradient) applied.dispose();
    }
    kernels.adamStep(parameter, gradient, moments, hyperparameters);
  };
  return { recorded, kernels: { ...kernels, adamStep } };
}

function byName<T extends AnyPlugin>(plugins: readonly T[]): ReadonlyMap<string, T> {
  return new Map(plugins.map((plugin) => [plugin.name, plugin]));
}

function find<T>(plugins: ReadonlyMap<string, T>, choice: PluginChoice): T {
  const plugin = plugins.get(choice.type);
  if (plugin === undefined) throw new Error(`no plugin ${choice.type}`);
  return plugin;
}
