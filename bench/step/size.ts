/** The sizes that a training step is measured at. */

/** One size of a step; one expert a row. M = F/E features an expert. */
export interface StepSize {
  /** Rows of the batch. */
  readonly B: number;
  /** Width of an activation. */
  readonly D: number;
  /** Features of the dictionary, over all experts. */
  readonly F: number;
  /** Experts; 1: no router. */
  readonly E: number;
  /** Active features a row. */
  readonly K: number;
}

export function formatSize({ B, D, F, E, K }: StepSize): string {
  return `B=${B} D=${D} F=${F} E=${E} K=${K}`;
}

/**
 * A problem small enough for the float64 definition, with the same experts: some of them get no row where there are
 * many, as in training.
 */
export function reducedSize({ E }: Pick<StepSize, "E">): StepSize {
  const F = Math.max(256, 8 * E);
  return { B: 64, D: 32, F, E, K: Math.min(8, F / E / 2) };
}
