/**
 * The keys of a config that belong to no plugin, with their defaults. A key marked `x-plugin` chooses a plugin of that
 * kind; the plugin's own schema joins in `config-schema.ts`. `x-hash: false` keeps a key out of a run's id: it changes
 * what is shown or stored, never what is learned.
 */
import Type, { type Static, type TUnsafe } from "typebox";
import type { PluginKind } from "../plugin/kinds.ts";
import type { PluginChoice } from "./config.ts";

interface SlotOptions {
  readonly description: string;
  readonly default?: string | readonly string[];
  readonly "x-hash"?: false;
}

function plugin(kind: PluginKind, options: SlotOptions): TUnsafe<PluginChoice> {
  return Type.Unsafe<PluginChoice>({ "x-plugin": kind, ...options });
}

function pluginList(kind: PluginKind, options: SlotOptions): TUnsafe<readonly PluginChoice[]> {
  return Type.Unsafe<readonly PluginChoice[]>({ type: "array", "x-plugin": kind, ...options });
}

/** Counts that a typing slip must not turn into days of work. */
const count = (description: string, value: number, rest: Record<string, unknown> = {}) =>
  Type.Integer({ minimum: 1, default: value, description, ...rest });

/** Keys with this mark leave the ids of older runs as they are. */
const addedLater = { "x-hash": "unless-default" } as const;

const model = Type.Object({
  features: Type.Integer({ minimum: 1, description: "Features of the dictionary over all experts (F)." }),
  router: plugin("router", {
    default: "none",
    description: "Decides which experts see a row. none: one expert sees all.",
  }),
  expert: plugin("expert", { description: "Turns an expert's pre-activations into a code." }),
  encoderBias: Type.Boolean({ default: false, description: "Whether the encoder has a bias for every feature." }),
  subtractDecoderBias: Type.Boolean({
    default: true,
    description: "Whether the decoder's bias is subtracted from a row before it is encoded.",
  }),
  initialisation: Type.Enum(["uniform", "gaussian"], {
    default: "uniform",
    description: "Distribution that the decoder's rows start from; the encoder starts as their transpose.",
  }),
  decoderNorm: Type.Number({
    exclusiveMinimum: 0,
    default: 1,
    description:
      "Norm of every decoder row at the start. Adam holds rows at norm 1 unless its own decoderNorm is free.",
  }),
  decoderBias: Type.Enum(["geometric-median", "zeros"], {
    default: "geometric-median",
    description: "What the decoder's bias starts at: the geometric median of the first rows, or zeros.",
  }),
  normaliseActivations: Type.Enum(["none", "expected-average-norm", "layer-norm"], {
    default: "none",
    description:
      "How rows are scaled before encoding, undone after decoding. expected-average-norm: one factor that makes the " +
      "mean norm of the first batch sqrt(D). layer-norm: each row to mean 0 and deviation 1.",
    ...addedLater,
  }),
});

const training = Type.Object({
  steps: count("Optimizer steps.", 1000),
  batchSize: count("Activation rows of a step (B).", 1024),
  shuffleRows: count("Rows held in memory for shuffling.", 65_536),
  gradientClip: Type.Union([Type.Number({ exclusiveMinimum: 0 }), Type.Null()], {
    default: 1,
    description: "Global gradient norm above which gradients are scaled down; null: never.",
  }),
  deadAfterRows: count(
    "Rows on which a feature was not active after which it counts as dead: logged, revived by an aux-k loss, resampled.",
    10_000_000,
    addedLater,
  ),
  resampleEvery: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()], {
    default: null,
    description:
      "Steps between resamplings, which give dead features the rows that are reconstructed worst; null: never.",
    ...addedLater,
  }),
  resampleUntil: Type.Number({
    minimum: 0,
    maximum: 1,
    default: 0.5,
    description: "Fraction of training.steps after which no feature is resampled any more.",
    ...addedLater,
  }),
  optimizer: plugin("optimizer", { default: "adam", description: "How gradients change the parameters." }),
  schedule: plugin("schedule", { default: "constant", description: "How the learning rate changes over the steps." }),
  checkpointEvery: count("Steps between checkpoints; the last step is always one.", 500, { "x-hash": false }),
  logEvery: count("Steps between lines of metrics.jsonl.", 10, { "x-hash": false }),
});

const evaluation = Type.Object({
  rows: count("Held-out rows used; fewer when the source has fewer.", 8192),
  batchSize: count("Rows evaluated at a time.", 1024),
  evaluators: pluginList("evaluator", {
    default: ["reconstruction", "sparsity", "routing", "duplication", "cost"],
    description: "What is measured on held-out rows after training.",
  }),
});

const report = Type.Object({
  plots: pluginList("plot", {
    default: ["loss-curves", "mse-l0", "mse-flops", "mse-seconds", "expert-load", "duplication"],
    description: "Figures of the report.",
  }),
});

/** A resolved config, as `RunConfig` describes it. */
export const runSchema = Type.Object({
  name: Type.String({
    pattern: "^[A-Za-z0-9][A-Za-z0-9._-]*$",
    maxLength: 100,
    description: "Names the folder of the runs; the config file's name when left out.",
    "x-hash": false,
  }),
  seed: Type.Integer({
    minimum: 0,
    maximum: 2 ** 32 - 1,
    default: 0,
    description: "Seed of everything random in a run.",
  }),
  plugins: Type.Array(Type.String(), {
    default: [],
    description: "Plugins from outside: files, folders, or packages with the keyword switchyard-plugin.",
    "x-hash": false,
  }),
  device: plugin("device", { default: "auto", description: "Where tensors are computed.", "x-hash": false }),
  source: plugin("source", { description: "Where activations come from." }),
  model: Type.Object(model.properties, { default: {}, description: "The sparse autoencoder." }),
  losses: pluginList("loss", {
    default: ["reconstruction"],
    description: "What training minimises: the weighted sum.",
  }),
  training: Type.Object(training.properties, { default: {}, description: "The training loop." }),
  evaluation: Type.Object(evaluation.properties, {
    default: {},
    description: "What happens after training. A change evaluates again and trains nothing.",
    "x-hash": false,
  }),
  executor: plugin("executor", {
    default: "local",
    description: "Where the runs of a sweep execute.",
    "x-hash": false,
  }),
  trackers: pluginList("tracker", {
    default: [],
    description: "Who is told of a run's progress, beside metrics.jsonl.",
    "x-hash": false,
  }),
  report: Type.Object(report.properties, { default: {}, description: "What the report shows.", "x-hash": false }),
});

export type SchemaConfig = Static<typeof runSchema>;
