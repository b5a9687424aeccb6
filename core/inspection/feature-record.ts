/** What features.jsonl says of a feature, and features.json of the whole: numbers and names, ready for a reader. */

/** A feature whose decoder row points nearly the same way. */
export interface Neighbour {
  readonly feature: number;
  readonly expert: number;
  readonly cosine: number;
}

export interface TokenEffect {
  readonly token: string;
  readonly id: number;
  /** See logit-effects.ts. */
  readonly logit: number;
}

/** A place where the feature is active. */
export interface Example {
  /** Held-out row, counted from 0. */
  readonly row: number;
  readonly activation: number;
  /** Held-out context; this and what follows where the source has text. */
  readonly context?: number;
  readonly position?: number;
  /** Tokens around the position, which is `tokens[at]`. */
  readonly tokens?: readonly string[];
  readonly at?: number;
  /** Of each token; null where the position gives no row. */
  readonly activations?: readonly (number | null)[];
}

/** One line of features.jsonl. */
export interface FeatureRecord {
  readonly feature: number;
  readonly expert: number;
  /** Share of the rows on which it is active. */
  readonly density: number;
  /** Rows on which it is active. */
  readonly rows: number;
  /** Mean activation over those rows; 0 when there are none. */
  readonly mean: number;
  /** Largest activation; 0 when it is never active. */
  readonly max: number;
  readonly sameExpert: readonly Neighbour[];
  readonly otherExpert: readonly Neighbour[];
  /** Absent where the source has no language model. */
  readonly promoted?: readonly TokenEffect[];
  readonly suppressed?: readonly TokenEffect[];
  /** Strongest first, at most one of a context. */
  readonly examples: readonly Example[];
}

/** What decides an index, beside the model: the same settings give the same file. */
export interface FeatureSettings {
  /** Held-out rows looked at, at most, in whole contexts; null: all. */
  readonly rows: number | null;
  /** Examples of a feature. */
  readonly examples: number;
  /** Tokens shown to either side of an example's. */
  readonly radius: number;
  /** Neighbours named in a feature's own expert, and in others. */
  readonly neighbours: number;
  /** Tokens named that a feature promotes, and suppresses. */
  readonly tokens: number;
  /** Whether logit effects include the final layer norm's gain. */
  readonly foldNorm: boolean;
}

export const defaultFeatureSettings: FeatureSettings = {
  rows: null,
  examples: 8,
  radius: 10,
  neighbours: 3,
  tokens: 8,
  foldNorm: true,
};

/** features.json, written after features.jsonl is complete. */
export interface FeatureIndexInfo {
  readonly format: 1;
  /** Id of the run. */
  readonly run: string;
  /** Steps that the checkpoint had done. */
  readonly step: number;
  readonly settings: FeatureSettings;
  readonly features: number;
  readonly experts: number;
  /** Features active on no row. */
  readonly silent: number;
  /** Rows that were looked at. */
  readonly rows: number;
  readonly hasText: boolean;
}

/** Five significant digits: enough to compare by, and half the size of the file. */
export function rounded(value: number): number {
  return Number(value.toPrecision(5));
}
