/**
 * The paper's recipe as the benches train it, built of the product's own parts: router `switch` with softmax gate (none
 * with one expert), TopK experts, reconstruction and load-balance losses, clipping at 1, Adam with unit decoder rows at
 * the paper's learning rate. No encoder has a bias, the one expert's neither, so that all sizes do the same work.
 */
import { createSparseAutoencoder } from "../../core/model/create-sparse-autoencoder.ts";
import { createModelShape } from "../../core/model/model-shape.ts";
import { createRng } from "../../core/model/rng.ts";
import type { TrainingInput } from "../../core/training/training-input.ts";
import type { Device } from "../../kernels/devices/device.ts";
import { topK } from "../../plugins/expert/top-k.ts";
import { loadBalance } from "../../plugins/loss/load-balance.ts";
import { reconstruction } from "../../plugins/loss/reconstruction.ts";
import { adam } from "../../plugins/optimizer/adam.ts";
import { none } from "../../plugins/router/none.ts";
import { switch as switchRouter } from "../../plugins/router/switch.ts";
import { constant } from "../../plugins/schedule/constant.ts";
import { buildPlugin } from "../../test/core/model/build-plugin.ts";
import type { StepSize } from "./size.ts";

export const gradientClip = 1;
/** The paper's alpha. */
export const loadBalanceWeight = 3;
const seed = 0;

/** Everything that training needs but its length, its data and its listeners. */
export type Recipe = Omit<TrainingInput, "config" | "stream"> & { readonly dispose: () => void };

/** The paper's rule. */
export function learningRateFor({ F }: Pick<StepSize, "F">): number {
  return 2e-4 / Math.sqrt(F / 16384);
}

export function createRecipe({ tf, kernels }: Device, size: StepSize): Recipe {
  const router =
    size.E === 1
      ? buildPlugin(none, { type: "none" }, { tf })
      : buildPlugin(switchRouter, { type: "switch", experts: size.E }, { tf });
  const shape = createModelShape({ width: size.D, features: size.F, router: router.facts });
  const services = { tf, kernels, shape };
  const rng = createRng(seed);
  const model = createSparseAutoencoder({
    ...{ tf, kernels, shape, rng },
    router: router.instance,
    expert: buildPlugin(topK, { type: "top-k", k: size.K }, services).instance,
    config: {
      encoderBias: false,
      subtractDecoderBias: true,
      initialisation: "uniform",
      decoderNorm: 1,
      decoderBias: "geometric-median",
    },
  });
  const optimizer = buildPlugin(adam, { type: "adam", learningRate: learningRateFor(size) }, services).instance;
  const balance = { type: "load-balance", weight: loadBalanceWeight };
  return {
    ...{ tf, kernels, model, optimizer, rng },
    losses: [
      ["reconstruction", buildPlugin(reconstruction, { type: "reconstruction" }, services).instance],
      ["load-balance", buildPlugin(loadBalance, balance, services).instance],
    ],
    schedule: buildPlugin(constant, { type: "constant" }, services).instance,
    dispose: () => {
      model.parameters.dispose();
      optimizer.dispose();
    },
  };
}
