/** How far two trainings that should be one are apart. */

/** What of a training is compared: its losses and gradient norms step by step, and what became of its parameters. */
export interface TrainingTrace {
  readonly losses: readonly number[];
  /** Before clipping. */
  readonly gradientNorms: readonly number[];
  /** By name, after the last step. */
  readonly parameters: ReadonlyMap<string, ArrayLike<number>>;
}

export interface Tolerances {
  /** Of a loss, relative. */
  readonly loss: number;
  /** Of a gradient norm, relative. */
  readonly gradientNorm: number;
  /** Of a parameter's change from its start: ||change - expected|| / ||expected||, Frobenius. */
  readonly change: number;
}

/** Quantity -> its error, worst of all steps. */
export type TraceErrors = Readonly<Record<string, number>>;

/** @param start Parameters by name before the first step. */
export function traceErrors(
  actual: TrainingTrace,
  expected: TrainingTrace,
  start: ReadonlyMap<string, ArrayLike<number>>,
): TraceErrors {
  const errors: Record<string, number> = {
    loss: worstRelative(actual.losses, expected.losses),
    gradientNorm: worstRelative(actual.gradientNorms, expected.gradientNorms),
  };
  for (const [name, values] of expected.parameters) {
    errors[`change of ${name}`] = changeError(actual.parameters.get(name) ?? [], values, start.get(name) ?? []);
  }
  return errors;
}

/** @returns The quantities that are out of tolerance, with their errors; none: all is well. */
export function faultsOf(errors: TraceErrors, tolerances: Tolerances): readonly string[] {
  const toleranceOf = (quantity: string): number =>
    quantity === "loss" || quantity === "gradientNorm" ? tolerances[quantity] : tolerances.change;
  return Object.entries(errors)
    .filter(([quantity, error]) => !(error <= toleranceOf(quantity)))
    .map(([quantity, error]) => `${quantity} is off by ${error.toExponential(1)}, more than ${toleranceOf(quantity)}`);
}

export function formatErrors(errors: TraceErrors): string {
  return Object.entries(errors)
    .map(([quantity, error]) => `${quantity} ${error.toExponential(1)}`)
    .join(", ");
}

function worstRelative(actual: readonly number[], expected: readonly number[]): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  return Math.max(...expected.map((value, i) => Math.abs((actual[i] ?? Number.NaN) - value) / Math.abs(value)));
}

function changeError(actual: ArrayLike<number>, expected: ArrayLike<number>, start: ArrayLike<number>): number {
  if (actual.length !== expected.length || start.length !== expected.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let size = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += ((actual[i] ?? 0) - (expected[i] ?? 0)) ** 2;
    size += ((expected[i] ?? 0) - (start[i] ?? 0)) ** 2;
  }
  return Math.sqrt(difference / size);
}
