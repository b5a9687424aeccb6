/**
 * The reference that a golden file was made by -> the parts of a config that ask for the same model and training. What a reference does not leave open
 * (clipping at norm 1, Adam's defaults) is written here as its source has it.
 */
import type { PluginChoice } from "../../core/config/config.ts";
import type { DictionaryConfig } from "../../core/model/model-parameters.ts";
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
    readonly deadAfterRows?: number;
    readonly optimizer: PluginChoice;
    readonly schedule: PluginChoice;
  };
  /** The reference projects the decoder's gradient inside its optimizer's step, so the recorded one is whole. */
  readonly isRecordedWhole?: true;
}

/** By repository and trainer, as the files name them: a further file of a known trainer needs no line here. */
const configs: Readonly<Record<string, (golden: GoldenCase) => CaseConfig>> = {
  "amudide/switch_sae switch": (golden) => switchConfig(golden),
  "amudide/switch_sae switch1on": (golden) => switchConfig(golden, { shared: 1 }),
  "amudide/switch_sae top_k": (golden) => ({
    model: { ...authorsModel(golden), encoderBias: true, router: { type: "none" } },
    losses: [{ type: "reconstruction" }],
    training: authorsTraining(golden),
  }),
  "amudide/switch_sae moe": (golden) => ({
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
  "amudide/switch_sae standard_new": (golden) => ({
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
  "saprmarks/dictionary_learning top_k": (golden) => ({
    model: { ...libraryModel(golden), expert: { ...topKExpert(golden), type: "top-k", threshold: "estimate" } },
    losses: [{ type: "reconstruction" }, { type: "aux-k" }],
    training: libraryTraining(golden),
  }),
  "saprmarks/dictionary_learning batch_top_k": (golden) => ({
    model: { ...libraryModel(golden), expert: { ...topKExpert(golden), type: "batch-top-k" } },
    losses: [{ type: "reconstruction" }, { type: "aux-k" }],
    training: libraryTraining(golden),
  }),
  "saprmarks/dictionary_learning matryoshka_batch_top_k": (golden) => {
    const groups = golden.options["group_fractions"] as readonly number[];
    // The reference weighs each group by 1/G, and takes the mean over groups of that.
    const groupWeights = groups.map(() => 1 / groups.length ** 2);
    return {
      model: {
        ...libraryModel(golden),
        expert: { ...topKExpert(golden), type: "matryoshka-batch-top-k", groups, groupWeights },
      },
      losses: [{ type: "reconstruction" }, { type: "aux-k" }],
      training: libraryTraining(golden),
    };
  },
  "saprmarks/dictionary_learning gdm": (golden) => ({
    model: {
      ...libraryModel(golden),
      expert: { type: "gated" },
      encoderBias: false,
      decoderBias: "zeros",
    },
    losses: [
      { type: "reconstruction" },
      { ...penalty(golden), type: "l1", decoderNormWeighted: false },
      { type: "gate-reconstruction" },
    ],
    training: constrainedTraining(golden, { beta1: 0 }),
    isRecordedWhole: true,
  }),
  "saprmarks/dictionary_learning jumprelu": (golden) => ({
    model: {
      ...libraryModel(golden),
      expert: { type: "jump-relu", bandwidth: golden.options["bandwidth"], stepInput: "activation" },
      subtractDecoderBias: false,
      decoderBias: "zeros",
    },
    losses: [
      { type: "reconstruction" },
      { type: "l0", target: golden.options["target_l0"], warmupSteps: golden.options["sparsity_warmup_steps"] },
    ],
    training: libraryTraining(golden, { beta1: 0 }),
  }),
  "saprmarks/dictionary_learning standard": (golden) => ({
    model: { ...libraryModel(golden), expert: { type: "relu" }, decoderBias: "zeros" },
    losses: [{ type: "reconstruction" }, { ...penalty(golden), type: "l1", decoderNormWeighted: false }],
    training: constrainedTraining(golden),
    isRecordedWhole: true,
  }),
};

/** @throws Error for a reference that nobody knows how to build */
export function configOf(golden: GoldenCase): CaseConfig {
  const configure = configs[golden.reference];
  if (configure === undefined) throw new Error(`there is no way to build what ${golden.reference} trained`);
  return configure(golden);
}

/** Options that the experts with a k have in common. */
function topKExpert({ options }: GoldenCase): Readonly<Record<string, unknown>> {
  return { k: options["k"], thresholdStartStep: options["threshold_start_step"] };
}

function penalty({ options }: GoldenCase): Readonly<Record<string, unknown>> {
  return { weight: options["l1_penalty"], warmupSteps: options["sparsity_warmup_steps"] };
}

/** The models of dictionary_learning: no router, a bias for the encoder. */
function libraryModel(golden: GoldenCase): CaseConfig["model"] {
  return { ...authorsModel(golden), encoderBias: true, router: { type: "none" } };
}

/** Its trainers project the decoder's gradient before they clip, and renormalise after the update. */
function libraryTraining(golden: GoldenCase, adam: Readonly<Record<string, unknown>> = {}): CaseConfig["training"] {
  const { options, deadAfterRows } = golden;
  return {
    gradientClip: 1,
    ...(deadAfterRows === undefined ? {} : { deadAfterRows }),
    optimizer: {
      type: "adam",
      learningRate: golden.learningRate,
      projection: "before-clipping",
      renormalisation: "after-update",
      ...adam,
    },
    schedule: {
      type: "linear-decay",
      decayStart: Number(options["decay_start"]) / golden.steps,
      warmupSteps: options["warmup_steps"],
    },
  };
}

/** Its ConstrainedAdam, which clips nothing. */
function constrainedTraining(golden: GoldenCase, adam: Readonly<Record<string, unknown>> = {}): CaseConfig["training"] {
  return { ...libraryTraining(golden, { ...adam, projection: "after-clipping" }), gradientClip: null };
}

function switchConfig(golden: GoldenCase, options: Readonly<Record<string, unknown>> = {}): CaseConfig {
  const gate = golden.options["heaviside"] === true ? "heaviside" : "softmax";
  const router = { type: "switch", experts: golden.options["experts"], gate, ...options };
  return {
    model: { ...authorsModel(golden), router },
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
