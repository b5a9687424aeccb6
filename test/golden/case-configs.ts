/**
 * Golden case -> the parts of a config that ask for the same model and training. What a reference does not leave open
 * (clipping at norm 1, Adam's defaults) is written here as its source has it.
 */
import type { PluginChoice } from "../../core/config/config.ts";
import type { DictionaryConfig } from "../../core/model/create-sparse-autoencoder.ts";
import type { GoldenCase } from "./golden-case.ts";

export interface CaseConfig {
  readonly model: DictionaryConfig & {
    readonly features: number;
    readonly router: PluginChoice;
    readonly expert: PluginChoice;
  };
  readonly losses: readonly PluginChoice[];
  readonly training: {
    readonly gradientClip: number | null;
    readonly optimizer: PluginChoice;
    readonly schedule: PluginChoice;
  };
}

/** Case -> what it waits for. */
export const notYetImplemented: Readonly<Record<string, string>> = {
  "switch-always-on": "a router that routes every row to one expert besides the chosen one",
  "top-k-auxk": "the auxiliary loss on dead features, and a threshold for inference",
  "batch-top-k": "an expert that keeps the k * B largest activations of a batch",
  "matryoshka-batch-top-k": "losses on nested prefixes of the dictionary",
  gated: "an expert with separate gate and magnitude",
  "jump-relu": "an expert with a trained threshold and an L0 loss",
  "relu-constrained": "an optimizer that constrains gradients without Adam's first moment",
};

export const caseConfigs: Readonly<Record<string, (golden: GoldenCase) => CaseConfig>> = {
  switch: (golden) => switchConfig(golden),
  "switch-heaviside": (golden) => switchConfig(golden),
  "top-k": (golden) => ({
    model: { ...authorsModel(golden), encoderBias: true, router: { type: "none" } },
    losses: [{ type: "reconstruction" }],
    training: authorsTraining(golden),
  }),
  "moe-top-2": (golden) => ({
    model: {
      ...authorsModel(golden),
      encoderBias: true,
      router: {
        type: "top-e",
        experts: golden.options["experts"],
        e: golden.options["e"],
        gate: golden.options["heaviside"] === true ? "heaviside" : "softmax",
      },
    },
    losses: [{ type: "reconstruction" }],
    training: authorsTraining(golden),
  }),
  relu: (golden) => ({
    model: {
      features: Number(golden.options["dict_size"]),
      router: { type: "none" },
      expert: { type: "relu" },
      encoderBias: true,
      subtractDecoderBias: false,
      initialisation: "gaussian",
      decoderNorm: 0.1,
      decoderBias: "zeros",
    },
    losses: [
      { type: "reconstruction" },
      { type: "l1", weight: golden.options["l1_penalty"], warmupSteps: golden.options["lambda_warm_steps"] },
    ],
    training: {
      ...authorsTraining(golden),
      optimizer: { type: "adam", learningRate: golden.learningRate, decoderNorm: "free" },
    },
  }),
};

function switchConfig(golden: GoldenCase): CaseConfig {
  const gate = golden.options["heaviside"] === true ? "heaviside" : "softmax";
  return {
    model: { ...authorsModel(golden), router: { type: "switch", experts: golden.options["experts"], gate } },
    losses: [{ type: "reconstruction" }, { type: "load-balance", weight: golden.options["lb_alpha"] }],
    training: authorsTraining(golden),
  };
}

function authorsModel(golden: GoldenCase): Omit<CaseConfig["model"], "router"> {
  return {
    features: Number(golden.options["dict_size"]),
    expert: { type: "top-k", k: golden.options["k"] },
    encoderBias: false,
    subtractDecoderBias: true,
    initialisation: "uniform",
    decoderNorm: 1,
    decoderBias: "geometric-median",
  };
}

function authorsTraining(golden: GoldenCase): CaseConfig["training"] {
  return {
    gradientClip: 1,
    optimizer: { type: "adam", learningRate: golden.learningRate },
    schedule: { type: "linear-decay", decayStart: Number(golden.options["decay_start"]) / golden.steps },
  };
}
