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
  | { readonly kind: "original" }
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

/** The activations at the hook point of one text, changed at some of its positions. */
export interface SplicedText {
  /** Token ids, at most `maxPositions`. */
  readonly ids: Int32Array;
  readonly splice: Splice;
  /** Positions that are spliced, ascending, each below `ids.length`. */
  readonly positions: Int32Array;
}

/** What the language model says of the token after a text. */
export interface NextToken {
  /** [V] */
  readonly logits_V: Float32Array;
  /** Standard deviation, sqrt(var + epsilon), that the final layer norm divides the last position's residual by. */
  readonly finalScale: number;
}

/**
 * The language model and the held-out text behind the rows, for looking at what a feature responds to and what it
 * does. Held-out row i is position `rowPositions[i % rowPositions.length]` of context `i / rowPositions.length`.
 */
export interface LanguageModelInspection {
  /** V */
  readonly vocabularySize: number;
  /** Tokens of the longest text that the model reads. */
  readonly maxPositions: number;
  /** Held-out contexts. */
  readonly numContexts: number;
  /** T, tokens of a held-out context. */
  readonly contextLength: number;
  /** Positions whose activations are no rows; they are not spliced either. */
  readonly excludedPositions: readonly number[];
  /** Token ids [T] of a held-out context. */
  contextIds(context: number): Int32Array;
  /** @throws SwitchyardError TOKENIZER_UNUSABLE */
  encode(text: string): Promise<Int32Array>;
  /** The text of some tokens together. @throws SwitchyardError TOKENIZER_UNUSABLE */
  decode(ids: Int32Array): Promise<string>;
  /** The text of each token by itself: "<17>" for token 17 where the checkpoint has no tokenizer. */
  tokenTexts(ids: Int32Array): Promise<readonly string[]>;
  nextToken(text: SplicedText): Promise<NextToken>;
  /**
   * What vectors added to the last residual stream add to the logits, without anything between: [N, V] = W_U d. With
   * `foldNorm` d is centred and multiplied by the gain of the final layer norm first, so that the row divided by
   * `finalScale` is what the logits change by when the scale stays as it is. The caller disposes.
   */
  directLogits(directions_ND: tf.Tensor2D, options: { readonly foldNorm: boolean }): Promise<tf.Tensor2D>;
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
  /** Where the rows are positions of a text that can be shown. */
  readonly inspection?: LanguageModelInspection;
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
