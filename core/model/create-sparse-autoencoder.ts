/**
 * Builds a sparse autoencoder from a shape, a config, a router and an expert.
 *
 *   forward   route(x) -> expert(W_e (x - b_dec) + b_enc) -> gates -> sum of decoder rows + b_dec
 *
 * The probability gates multiply the code and not b_dec; only routed blocks are ever computed.
 * Shapes: B rows, D width, F features, E experts, R experts a row, K active features a row.
 * @see Mudide et al. 2024 (arXiv 2410.08201), section 3; docs/paper-map.md
 */
import type * as tf from "@tensorflow/tfjs";
import { KernelError } from "../../kernels/kernel-error.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { detach } from "../../kernels/detach.ts";
import { messageOf, SwitchyardError } from "../errors/switchyard-error.ts";
import type { Expert, ModelShape, NamedTensors, ParameterInit, Router } from "./contracts.ts";
import { createParameters, overwrite } from "./create-parameters.ts";
import { createEncodeContext } from "./encode-context.ts";
import { nextStepsSinceActive, stepsSinceActive } from "./feature-activity.ts";
import { geometricMedian } from "./geometric-median.ts";
import { initialValues, sharedGroups } from "./model-parameters.ts";
import type { DictionaryConfig, NamedInits } from "./model-parameters.ts";
import { activationScale, normaliseActivations, normaliseRowsOnHost, scaleOfRows } from "./normalise-activations.ts";
import type { ParameterSet } from "./parameters.ts";
import type { Rng } from "./rng.ts";
import { checkRouting } from "./routing.ts";
import type { DecodeOptions, SparseAutoencoder } from "./sparse-autoencoder.ts";

export interface SparseAutoencoderInput {
  readonly tf: typeof tf;
  readonly kernels: Kernels;
  readonly shape: ModelShape;
  readonly config: DictionaryConfig;
  readonly router: Router;
  readonly expert: Expert;
  readonly rng: Rng;
}

/** @throws SwitchyardError PARAMETER_SHAPE when initial values of the router or the expert do not fit. */
export function createSparseAutoencoder(input: SparseAutoencoderInput): SparseAutoencoder {
  const { tf, kernels, shape, config, router, expert, rng } = input;
  const routerInits = prefixed(
    "router",
    blame("router", "initialise", () => router.initialise(shape, rng)),
  );
  const expertInits = prefixed(
    "expert",
    blame("expert", "initialise", () => expert.initialise?.(shape, rng) ?? {}),
  );
  const parameters = createParameters({
    tf,
    inits: initialValues({ shape, config, rng, router: routerInits, expert: expertInits }),
    shared: sharedGroups(routerInits),
  });
  const routerParameters = localTensors("router", routerInits, parameters);
  const expertParameters = localTensors("expert", expertInits, parameters);
  const decoder_FD = parameters.get("decoder") as tf.Tensor2D;
  const encoder_FD = parameters.get("encoder") as tf.Tensor2D;
  const decoderBias_D = parameters.get("decoder_bias") as tf.Tensor1D;
  const encoderBias_F = config.encoderBias ? (parameters.get("encoder_bias") as tf.Tensor1D) : undefined;
  const { normaliseActivations: normalisation = "none" } = config;
  const scale = parameters.has(activationScale) ? (parameters.get(activationScale) as tf.Tensor) : undefined;

  const decode: SparseAutoencoder["decode"] = (code, { bias = true, frozen = false }: DecodeOptions = {}) => {
    const rows_FD = frozen ? detach(tf, decoder_FD) : decoder_FD;
    const sum_BD =
      code.kind === "sparse"
        ? kernels.sparseDecode(code.indices_BK, code.values_BK, rows_FD)
        : kernels.groupedDecode(code.values_BRM, rows_FD, code.expertIndices_BR, shape.experts);
    return bias ? tf.add(sum_BD, frozen ? detach(tf, decoderBias_D) : decoderBias_D) : sum_BD;
  };
  return {
    shape,
    parameters,
    expertStarts: startsOfFeatures(expertInits, shape),
    decode,
    initialiseFromRows: (rows_BD) => {
      const factor = scaleOfRows(rows_BD, shape.width);
      const start_D =
        config.decoderBias === "geometric-median"
          ? geometricMedian(normaliseRowsOnHost(normalisation, rows_BD, shape.width, factor), shape.width)
          : new Float32Array(shape.width);
      const followers = routerInits.filter(([, init]) => init.decoderBias !== undefined);
      tf.tidy(() => {
        const value_D = tf.tensor1d(start_D);
        overwrite(tf, parameters.get("decoder_bias"), value_D);
        for (const [name] of followers) overwrite(tf, parameters.get(name), value_D);
        if (scale !== undefined) overwrite(tf, parameters.get(activationScale), tf.scalar(factor));
      });
    },
    forward: (given_BD, training) => {
      const { acts_BD, restore } = normaliseActivations(tf, normalisation, given_BD, scale);
      const routed = blame("router", "route", () => router.route(acts_BD, routerParameters, training));
      const routing = checkRouting(routed, acts_BD.shape[0], shape);
      const context = createEncodeContext({
        tf,
        kernels,
        shape,
        acts_BD: config.subtractDecoderBias ? tf.sub<tf.Tensor2D>(acts_BD, decoderBias_D) : acts_BD,
        encoder_FD,
        encoderBias_F,
        routing,
        parameters: expertParameters,
        training,
      });
      const code = blame("expert", "encode", () => expert.encode(context));
      const reconstruction_BD = decode(code);
      return {
        routing,
        code,
        reconstruction_BD: restore(reconstruction_BD),
        normalised: { acts_BD, reconstruction_BD },
        topKAmong: (k, among_F) => context.topK(k, among_F),
      };
    },
    nextBuffers: (code, training) => {
      const before_F = parameters.get(stepsSinceActive) as tf.Tensor as tf.Tensor1D;
      const next = new Map<string, tf.Tensor>();
      next.set(stepsSinceActive, nextStepsSinceActive({ tf, kernels, shape, code, before_F }));
      const observed = blame("expert", "observe", () => expert.observe?.(code, expertParameters, training) ?? {});
      for (const [name, value] of Object.entries(observed)) next.set(`expert.${name}`, value);
      return next;
    },
  };
}

function prefixed(owner: "router" | "expert", inits: Readonly<Record<string, ParameterInit>>): NamedInits {
  return Object.entries(inits).map(([name, init]) => [`${owner}.${name}`, init]);
}

function startsOfFeatures(inits: NamedInits, { features }: ModelShape): ReadonlyMap<string, Float32Array> {
  const ofFeatures = inits.filter(([, init]) => init.trainable !== false && init.shape[0] === features);
  return new Map(ofFeatures.map(([name, { values }]) => [name, values.slice()]));
}

function localTensors(owner: "router" | "expert", inits: NamedInits, parameters: ParameterSet): NamedTensors {
  const local = inits.map(([name]) => [name.slice(owner.length + 1), parameters.get(name) as tf.Tensor] as const);
  return Object.fromEntries(local);
}

/** Names the plugin that threw; errors that already say where they come from pass. */
function blame<T>(kind: "router" | "expert", method: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof SwitchyardError || error instanceof KernelError) throw error;
    throw new SwitchyardError("MODEL_PLUGIN_FAILED", `The ${kind} failed in ${method}.`, {
      where: `model.${kind}`,
      received: messageOf(error),
      next: `Correct ${method} of the ${kind} plugin; the log has the stack.`,
      cause: error,
    });
  }
}
