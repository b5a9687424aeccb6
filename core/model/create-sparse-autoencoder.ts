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
import type { ModelConfig } from "../config/config.ts";
import { messageOf, SwitchyardError } from "../errors/switchyard-error.ts";
import type { Code, Expert, ModelShape, ParameterInit, Router } from "./contracts.ts";
import { createParameters, overwrite } from "./create-parameters.ts";
import { createEncodeContext } from "./encode-context.ts";
import { geometricMedian } from "./geometric-median.ts";
import { initialiseDictionary } from "./initialise-dictionary.ts";
import type { ParameterSet } from "./parameters.ts";
import type { Rng } from "./rng.ts";
import { checkRouting } from "./routing.ts";
import type { SparseAutoencoder } from "./sparse-autoencoder.ts";

/** What of a model's config the autoencoder itself reads; router and expert come built. */
export type DictionaryConfig = Pick<
  ModelConfig,
  "encoderBias" | "subtractDecoderBias" | "initialisation" | "decoderNorm" | "decoderBias"
>;

export interface SparseAutoencoderInput {
  readonly tf: typeof tf;
  readonly kernels: Kernels;
  readonly shape: ModelShape;
  readonly config: DictionaryConfig;
  readonly router: Router;
  readonly expert: Expert;
  readonly rng: Rng;
}

/** @throws SwitchyardError PARAMETER_SHAPE when the router's initial values do not fit. */
export function createSparseAutoencoder(input: SparseAutoencoderInput): SparseAutoencoder {
  const { tf, kernels, shape, config, router, expert } = input;
  const routerInits = Object.entries(blame("router", "initialise", () => router.initialise(shape, input.rng)));
  const parameters = createParameters({
    tf,
    inits: initialValues(input, routerInits),
    shared: sharedGroups(routerInits),
  });
  const routerParameters = Object.fromEntries(
    routerInits.map(([name]) => [name, parameters.get(`router.${name}`) as tf.Tensor]),
  );
  const decoder_FD = matrix(parameters, "decoder");
  const encoder_FD = matrix(parameters, "encoder");
  const decoderBias_D = parameters.get("decoder_bias") as tf.Tensor1D;
  const encoderBias_F = config.encoderBias ? (parameters.get("encoder_bias") as tf.Tensor1D) : undefined;

  const decode = (code: Code): tf.Tensor2D => {
    const sum_BD =
      code.kind === "sparse"
        ? kernels.sparseDecode(code.indices_BK, code.values_BK, decoder_FD)
        : kernels.groupedDecode(code.values_BRM, decoder_FD, code.expertIndices_BR, shape.experts);
    return tf.add(sum_BD, decoderBias_D);
  };
  return {
    shape,
    parameters,
    decode,
    initialiseDecoderBias: (rows_BD) => {
      const start_D =
        config.decoderBias === "geometric-median"
          ? geometricMedian(rows_BD, shape.width)
          : new Float32Array(shape.width);
      const followers = routerInits.filter(([, init]) => init.decoderBias !== undefined);
      tf.tidy(() => {
        const value_D = tf.tensor1d(start_D);
        overwrite(tf, parameters.get("decoder_bias"), value_D);
        for (const [name] of followers) overwrite(tf, parameters.get(`router.${name}`), value_D);
      });
    },
    forward: (acts_BD) => {
      const routed = blame("router", "route", () => router.route(acts_BD, routerParameters));
      const routing = checkRouting(routed, acts_BD.shape[0], shape);
      const centred_BD = config.subtractDecoderBias ? tf.sub<tf.Tensor2D>(acts_BD, decoderBias_D) : acts_BD;
      const context = createEncodeContext({
        tf,
        kernels,
        shape,
        acts_BD: centred_BD,
        encoder_FD,
        encoderBias_F,
        routing,
      });
      const code = blame("expert", "encode", () => expert.encode(context));
      return { routing, code, reconstruction_BD: decode(code) };
    },
  };
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

function initialValues(
  { shape, config, rng }: SparseAutoencoderInput,
  routerInits: readonly (readonly [string, ParameterInit])[],
): ReadonlyMap<string, ParameterInit> {
  const { features, width } = shape;
  const { initialisation, decoderNorm } = config;
  const dictionary = initialiseDictionary({
    features,
    width,
    initialisation,
    decoderNorm,
    stream: rng.stream("dictionary"),
  });
  const inits = new Map<string, ParameterInit>();
  inits.set("encoder", { shape: [features, width], values: dictionary.encoder_FD });
  if (config.encoderBias) inits.set("encoder_bias", { shape: [features], values: new Float32Array(features) });
  inits.set("decoder", { shape: [features, width], values: dictionary.decoder_FD });
  inits.set("decoder_bias", { shape: [width], values: new Float32Array(width) });
  for (const [name, init] of routerInits) inits.set(`router.${name}`, init);
  return inits;
}

function sharedGroups(routerInits: readonly (readonly [string, ParameterInit])[]): readonly (readonly string[])[] {
  const names = routerInits.filter(([, init]) => init.decoderBias === "shared").map(([name]) => `router.${name}`);
  return names.length === 0 ? [] : [["decoder_bias", ...names]];
}

function matrix(parameters: ParameterSet, name: string): tf.Tensor2D {
  return parameters.get(name) as tf.Tensor2D;
}
