/**
 * What a source is: random access to rows of activations, split in train and held-out, with whatever else the source
 * knows (a language model to splice reconstructions into, the true features of synthetic data).
 *
 * Shapes: N rows, D width of an activation.
 */
import type * as tf from "@tensorflow/tfjs";

/** A fixed, ordered set of activation rows that need not fit in memory. */
export interface RowStore {
  /** N */
  readonly numRows: number;
  /** D */
  readonly width: number;
  /**
   * Copies rows [start, start + count) into the front of `into`, row-major float32.
   * @throws SwitchyardError DATA_NOT_FINITE when a row holds NaN or an infinity.
   */
  read(start: number, count: number, into: Float32Array): Promise<void>;
}

/** What stands in for the activations at the hook point during a forward pass. */
export type Splice =
  /** Every spliced position becomes the zero vector. */
  | { readonly kind: "zero" }
  /** Receives the activations [N, D] of the spliced positions and returns their replacement, same shape. */
  | { readonly kind: "replace"; readonly replace: (acts_ND: tf.Tensor2D) => tf.Tensor2D };

/** What a splice does to the language model: means over the tokens of `SpliceEffects`. */
export interface SpliceEffect {
  /** Next-token cross-entropy in nats. */
  readonly nats: number;
  /** KL(original || spliced) of the distributions of the next token, in nats; at least 0 but for rounding. */
  readonly kl: number;
}

export interface SpliceEffects {
  /** Positions that predict a token of their context; every mean is over these. */
  readonly numTokens: number;
  /** Next-token cross-entropy in nats with the activations left alone. */
  readonly originalNats: number;
  /** One for each splice, in order. */
  readonly effects: readonly SpliceEffect[];
}

/** The language model that the activations came from, over held-out text. */
export interface LanguageModelProbe {
  /** Held-out contexts available. */
  readonly numContexts: number;
  /**
   * Runs the first `maxContexts` held-out contexts as they are and with the activations at the hook point replaced,
   * once for each splice. Positions that the source excludes from its rows keep their activations under every splice.
   * All splices of a batch of contexts run together, because a divergence needs the original's distributions.
   */
  measure(splices: readonly Splice[], maxContexts: number): Promise<SpliceEffects>;
}

/** The features that synthetic activations were made from. */
export interface GroundTruth {
  /** [G, D] row-major, unit rows: the true feature directions. */
  readonly directions: Float32Array;
  /** G */
  readonly numFeatures: number;
}

export interface ActivationSource {
  /** D */
  readonly width: number;
  readonly train: RowStore;
  /** Rows never trained on; metrics are computed on these. */
  readonly heldOut: RowStore;
  /**
   * Position in its context, counted from 0, of the token that a held-out row comes from; left out by sources whose
   * rows have no such place. A language model's first position has activations of another size.
   * @param row In [0, heldOut.numRows).
   */
  readonly heldOutPositions?: (row: number) => number;
  readonly languageModel?: LanguageModelProbe;
  readonly groundTruth?: GroundTruth;
  /** Frees tensors that the source holds; called once, by its plugin's `dispose`. */
  readonly dispose?: () => Promise<void>;
}

export interface SourceFacts {
  /** D */
  readonly width: number;
  /** Hex digest of everything that determines the rows: file contents, layer, seed. Part of every run's id. */
  readonly fingerprint: string;
  /** Plain-language size for `plan`: "4 texts, 1.8 MB". */
  readonly description: string;
}

/** Told while a source prepares (harvests, downloads), for a progress bar. */
export type SourceProgress = (done: number, total: number, what: string) => void;

declare module "../plugin/kinds.ts" {
  interface PluginKinds {
    source: { creates: ActivationSource; facts: SourceFacts };
  }
}
