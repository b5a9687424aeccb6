/**
 * The resolved config of one run: what the YAML says after `extends`, overrides, interpolation, the sweep's
 * assignment and defaults. Plugin options stay as data here; the plugin's own schema has checked them.
 */

/** A plugin chosen in a config, defaults filled in. */
export interface PluginChoice {
  readonly type: string;
  readonly [option: string]: unknown;
}

export interface RunConfig {
  readonly name: string;
  readonly seed: number;
  /** Plugin files, folders or packages named by the config, as written. */
  readonly plugins: readonly string[];
  readonly device: PluginChoice;
  readonly source: PluginChoice;
  readonly model: ModelConfig;
  readonly losses: readonly PluginChoice[];
  readonly training: TrainingConfig;
  readonly evaluation: EvaluationConfig;
  readonly executor: PluginChoice;
  readonly trackers: readonly PluginChoice[];
  readonly report: ReportConfig;
}

export interface ModelConfig {
  /** F over all experts. */
  readonly features: number;
  readonly router: PluginChoice;
  readonly expert: PluginChoice;
  /** Whether the encoder has a bias a feature. */
  readonly encoderBias: boolean;
  /** Whether the decoder's bias is subtracted from the input before encoding. */
  readonly subtractDecoderBias: boolean;
  /** How encoder and decoder start; always tied (decoder = scaled encoder rows). */
  readonly initialisation: "uniform" | "gaussian";
  /** Norm of every decoder row at the start. */
  readonly decoderNorm: number;
  readonly decoderBias: "geometric-median" | "zeros";
  readonly normaliseActivations: "none" | "expected-average-norm" | "layer-norm";
}

export interface TrainingConfig {
  readonly steps: number;
  /** B */
  readonly batchSize: number;
  /** Rows held in memory for shuffling. */
  readonly shuffleRows: number;
  /** Global gradient norm above which gradients are scaled down; null: never. */
  readonly gradientClip: number | null;
  /** Rows without activity after which a feature counts as dead. */
  readonly deadAfterRows: number;
  /** Steps between resamplings of dead features; null: never. */
  readonly resampleEvery: number | null;
  /** Fraction of the steps after which nothing is resampled any more. */
  readonly resampleUntil: number;
  readonly optimizer: PluginChoice;
  readonly schedule: PluginChoice;
  /** Steps between checkpoints; the last step is always one. */
  readonly checkpointEvery: number;
  /** Steps between lines of metrics.jsonl. */
  readonly logEvery: number;
}

export interface EvaluationConfig {
  /** Held-out rows used; fewer when the source has fewer. */
  readonly rows: number;
  readonly batchSize: number;
  readonly evaluators: readonly PluginChoice[];
}

export interface ReportConfig {
  readonly plots: readonly PluginChoice[];
}

/** Where a value of the config came from. */
export interface ValueSource {
  /** A file as the user named it, or "command line", "sweep", "default". */
  readonly origin: string;
  /** 1-based, for files. */
  readonly line?: number;
  readonly column?: number;
  /** The command-line word or the sweep axis. */
  readonly word?: string;
}
