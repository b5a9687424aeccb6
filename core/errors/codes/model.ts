/** Error codes of the model and training rooms. A code never changes its meaning; a retired one is not reused. */
import type { Explanation } from "./explanation.ts";

export const modelCodes = {
  FEATURES_NOT_DIVISIBLE: {
    title: "The number of features cannot be divided evenly among the experts.",
    why: "Every expert owns one contiguous block of F/E features of the dictionary, so F must be a multiple of E.",
    fix: "Change model.features to a multiple of the router's expert count, or change the expert count.",
    example: "features: 2048 with experts: 6 is wrong; with experts: 8 it gives 256 features an expert.",
  },
  K_TOO_LARGE: {
    title: "More active features are asked for than a row's experts have.",
    why:
      "A row sees only the blocks of the experts that it is routed to: R experts of F/E features. A top-k with k above " +
      "R * F/E could only be filled with features of other experts, which were never computed.",
    fix: "Lower k, raise model.features, or use fewer experts.",
    example: "features: 512, experts: 16 leaves 32 features an expert, so k can be at most 32.",
  },
  SELECTED_EXPERTS_TOO_LARGE: {
    title: "A router selects more experts than there are.",
    why: "A row is routed to different experts, so at most all of them can be selected.",
    fix: "Lower the number of selected experts, or raise the number of experts.",
  },
  MATRYOSHKA_GROUPS: {
    title: "The groups of a Matryoshka dictionary are not a partition of it, or have no weight each.",
    why: "Prefixes are nested: group after group up to the whole dictionary. So fractions must sum to 1, with one weight a group.",
    fix: "Correct `groups` and `groupWeights` of the expert matryoshka-batch-top-k.",
    example: "groups: [0.25, 0.25, 0.5] with groupWeights: [1, 1, 1], or without groupWeights.",
  },
  CODE_HAS_NO_TRAIT: {
    title: "A loss needs something of the code that this expert does not give.",
    why:
      "The l0 loss needs a count of active features with a gradient, which only an expert with trained thresholds has; " +
      "gate-reconstruction needs the gate's own code, which only a gated expert has.",
    fix: "Choose the expert that the message names, or another loss.",
  },
  ROUTER_HAS_NO_LOGITS: {
    title: "A loss needs the scores of a router that gives none.",
    why:
      "The router-z loss penalises the size of the scores from which a softmax makes probabilities; probabilities alone " +
      "do not tell it.",
    fix: "Choose the router that the message names, return `logits_BE` from `route` of your own router, or remove the loss.",
  },
  PARAMETER_UNKNOWN: {
    title: "There is no parameter of that name in this model.",
    why: "Parameters are named encoder, encoder_bias, decoder, decoder_bias, router.<name> and expert.<name>, and buffers beside them; which exist depends on the config.",
    fix: "Use one of the names that the message lists.",
  },
  PARAMETER_SHAPE: {
    title: "A router or an expert gave initial values that do not fit their shape, or an impossible shape.",
    why: "The number of values must be the product of the shape; a parameter that follows the decoder's bias must have its shape.",
    fix: "Correct `initialise` of the plugin that owns the parameter.",
  },
  ROUTING_SHAPE: {
    title: "A router returned tensors of another shape than its facts promise.",
    why:
      "Kernels read experts by index without checking, so a routing must be int32 [B, R] with gates [B, R], where R is " +
      "the number of selected experts that the router's facts state.",
    fix: "Correct `route` or `facts` of the router plugin.",
  },
  LOSS_NOT_FINITE: {
    title: "The loss or its gradient became infinite or not a number.",
    why:
      "Training cannot continue from such a step: every parameter would become not-a-number. The step was not applied; " +
      "the last checkpoint is untouched. Most often the learning rate is too high, or the activations have a huge scale.",
    fix: "Lower the optimizer's learningRate, set training.gradientClip, or check the scale of the activations, then run again.",
  },
  OPTIMIZER_CANNOT_FORGET: {
    title: "Dead features were to be resampled, and the optimizer cannot forget them.",
    why:
      "A resampled feature starts anew; moments that an optimizer kept for its old direction would drag it away at " +
      "once. So resampling asks the optimizer to `forget` those features.",
    fix: "Use the optimizer adam, add `forget` to the optimizer plugin, or set training.resampleEvery to null.",
  },
  OPTIMIZER_STATE_MISMATCH: {
    title: "Stored optimizer state does not fit the parameters.",
    why: "Resuming to the same bits needs the state of the very optimizer that wrote the checkpoint.",
    fix: "Resume with the optimizer of the checkpoint, or start the run anew in another folder.",
  },
  CHECKPOINT_UNREADABLE: {
    title: "A checkpoint cannot be read.",
    why:
      "The file is truncated or damaged. Checkpoints are written under a temporary name, synced and renamed, so a " +
      "crash of Switchyard does not leave one; a full disk, a broken copy or another program can.",
    fix: "Delete the file: the run then resumes from the checkpoint before it.",
  },
  CHECKPOINT_NOT_RECOGNISED: {
    title: "The file is a valid safetensors file but no Switchyard checkpoint.",
    why: "A checkpoint says so in its metadata (format: switchyard-checkpoint) and states step, rows and seed there.",
    fix: "Point at a file in the checkpoints folder of a run.",
  },
  CHECKPOINT_OTHER_VERSION: {
    title: "The checkpoint was written in another version of the format.",
    why: "Reading it by this version's rules could restore wrong values without anyone noticing.",
    fix: "Use the version of Switchyard that wrote it, or start the run anew.",
  },
  CHECKPOINT_OTHER_ARCHITECTURE: {
    title: "The checkpoint holds a model of another architecture.",
    why: "The names or shapes of its parameters differ from those that the config describes.",
    fix: "Use the config of the run that wrote the checkpoint, or start the run anew in another folder.",
  },
  CHECKPOINT_OTHER_RUN: {
    title: "The checkpoint belongs to a run with another seed or batch size.",
    why: "The seed and the number of rows seen decide the order of the data; resuming with others would be a different run.",
    fix: "Resume with the seed and batch size of the checkpoint, or start the run anew.",
  },
  MODEL_PLUGIN_FAILED: {
    title: "A router or an expert threw an error of its own.",
    why: "Its code runs in every step of training. What it threw is shown; the attempt's log.txt has the stack.",
    fix: "Correct the plugin. Its conformance suite (switchyard/conformance) finds most faults before a run does.",
  },
  CHECKPOINT_DTYPE: {
    title: "A tensor that a checkpoint must hold is not float32.",
    why:
      "Parameters and optimizer state are stored as float32. A tensor of another type would come back as something " +
      "else after a resume, and the run would no longer end with the same bits.",
    fix: "Let the optimizer plugin keep its state, counters included, in float32 tensors.",
  },
} as const satisfies Record<string, Explanation>;
