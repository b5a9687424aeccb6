/** Error codes of the inspection room. A code never changes its meaning; a retired one is not reused. */
import type { Explanation } from "./explanation.ts";

export const inspectionCodes = {
  NO_LANGUAGE_MODEL: {
    title: "The run's source has no language model to steer.",
    why: "Steering adds a feature to the activations inside a forward pass. Stored or synthetic activations come without the model that makes something of them.",
    fix: "Train on a source that brings its language model, such as `gpt2`.",
  },
  FEATURE_SILENT: {
    title: "The feature is never active on the held-out rows, so its largest activation is unknown.",
    why: "Steering is scaled by the feature's largest activation unless told otherwise, and zero times anything is no steering.",
    fix: "Choose a feature that is active (`switchyard features <run>` lists them), or give the strength itself: `--units activation`.",
  },
  NOTHING_STEERED: {
    title: "No position of the text can be steered.",
    why: "Positions that the source excludes from its rows (the first, by default) keep their activations: the sparse autoencoder has never seen them.",
    fix: "Give a longer text, or steer at all positions.",
  },
} as const satisfies Record<string, Explanation>;
