/** Small training runs with everything real but the data, large enough for kernels of several units of work. */
import { createHash } from "node:crypto";
import type { PluginChoice } from "../../../core/config/config.ts";
import type { ModelShape } from "../../../core/model/contracts.ts";
import { createRng } from "../../../core/model/rng.ts";
import { train } from "../../../core/training/train.ts";
import type { NamedLoss } from "../../../core/training/gradients.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { l1 } from "../../../plugins/loss/l1.ts";
import { loadBalance } from "../../../plugins/loss/load-balance.ts";
import { reconstruction } from "../../../plugins/loss/reconstruction.ts";
import { adam } from "../../../plugins/optimizer/adam.ts";
import { linearDecay } from "../../../plugins/schedule/linear-decay.ts";
import { buildPlugin } from "../../core/model/build-plugin.ts";
import { makeModel, normalRows } from "../../core/model/make-model.ts";

export interface TrainingSetting {
  readonly router: PluginChoice;
  readonly expert: PluginChoice;
  /** Beside the reconstruction. */
  readonly loss: (device: Device, shape: ModelShape) => NamedLoss;
}

export const trainings: Readonly<Record<string, TrainingSetting>> = {
  "a Switch autoencoder": {
    router: { type: "switch", experts: 4 },
    expert: { type: "top-k", k: 8 },
    loss: ({ tf }, shape) => [
      "load-balance",
      buildPlugin(loadBalance, { type: "load-balance", weight: 0.1 }, { tf, shape }).instance,
    ],
  },
  "a ReLU autoencoder": {
    router: { type: "none" },
    expert: { type: "relu" },
    loss: ({ tf, kernels }) => ["l1", buildPlugin(l1, { type: "l1", weight: 0.01 }, { tf, kernels }).instance],
  },
};

const [width, features, batchSize] = [40, 384, 128];

/** @returns A digest of all parameters and of the optimizer's state after the last step. */
export async function trainSmall(device: Device, setting: TrainingSetting, steps: number): Promise<string> {
  const { tf, kernels } = device;
  const model = makeModel({
    ...{ tf, kernels, width, features, router: setting.router, expert: setting.expert, seed: 3 },
    dictionary: { encoderBias: true },
  });
  const services = { tf, kernels, shape: model.shape };
  const optimizer = buildPlugin(adam, { type: "adam", learningRate: 0.01 }, services).instance;
  const rows = normalRows(steps * batchSize, width, 7);
  let position = 0;
  await train({
    ...{ tf, kernels, model, optimizer, rng: createRng(3) },
    losses: [
      ["reconstruction", buildPlugin(reconstruction, { type: "reconstruction" }, services).instance],
      setting.loss(device, model.shape),
    ],
    schedule: buildPlugin(linearDecay, { type: "linear-decay" }, services).instance,
    config: { steps, batchSize, gradientClip: 1, checkpointEvery: steps, logEvery: steps },
    stream: {
      next: (count, into) => {
        into.set(rows.subarray(position, position + count * width));
        position += count * width;
        return Promise.resolve();
      },
    },
  });
  const hash = createHash("sha256");
  const state = [...model.parameters.all.map(({ variable }) => variable), ...optimizer.state().values()];
  for (const variable of state) hash.update(Buffer.from(variable.dataSync<"float32">().slice().buffer));
  model.parameters.dispose();
  optimizer.dispose();
  return hash.digest("hex");
}
