/**
 * Lists of numbers written short: `range(0,5)`, `linspace(0,1,5)`, `logspace(1e-5,1e-3,5)` and
 * `{min, max, num, scale}`. Bounds are the values themselves (never exponents); all but `range`, which ends before
 * its end as in Python, include both. Values between are rounded to 12 digits, so that they print as a human would.
 */

/** More values than this on one axis are a slip. */
export const maxAxisValues = 10_000;

const callPattern = /^(range|linspace|logspace)\s*\((.*)\)$/s;

/** @returns The numbers, a sentence on what is wrong with the call, or undefined when the text is no such call. */
export function readRangeCall(text: string): readonly number[] | string | undefined {
  const match = callPattern.exec(text.trim());
  if (match === null) return undefined;
  const [, name = "", inside = ""] = match;
  const numbers = inside.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  const shape = { range: "range(start, end, step)", linspace: "linspace(min, max, num)" }[name];
  const usage = shape ?? "logspace(min, max, num)";
  if (numbers.some((number) => !Number.isFinite(number))) return `${name} takes numbers: ${usage}.`;
  const [first = 0, second, third] = numbers;
  if (name === "range") return rangeOf(numbers, usage, first, second, third);
  if (second === undefined || third === undefined || numbers.length !== 3)
    return `${name} takes three numbers: ${usage}.`;
  return spaced({ min: first, max: second, num: third, scale: name === "logspace" ? "log" : "linear" });
}

export interface Spacing {
  readonly min: number;
  readonly max: number;
  readonly num: number;
  readonly scale: "linear" | "log";
}

/** `num` values from `min` to `max`, both included, or a sentence on what is wrong. */
export function spaced({ min, max, num, scale }: Spacing): readonly number[] | string {
  if (!Number.isInteger(num) || num < 1) return "num must be a whole number of at least 1.";
  if (num > maxAxisValues) return `num must be ${maxAxisValues} at most.`;
  if (scale === "log" && (min <= 0 || max <= 0)) return "A logarithmic scale needs min and max above 0.";
  if (num === 1) return [min];
  return Array.from({ length: num }, (_, i) => {
    if (i === 0) return min;
    if (i === num - 1) return max;
    const share = i / (num - 1);
    return rounded(scale === "log" ? min * (max / min) ** share : min + (max - min) * share);
  });
}

function rangeOf(
  numbers: readonly number[],
  usage: string,
  ...[first, second, third]: readonly [number, number?, number?]
): readonly number[] | string {
  if (numbers.length > 3) return `range takes one to three numbers: ${usage}.`;
  const [start, end] = second === undefined ? [0, first] : [first, second];
  const step = third ?? 1;
  if (step === 0) return "The step of a range must not be 0.";
  const length = Math.max(0, Math.ceil((end - start) / step));
  if (length > maxAxisValues) return `This range has more than ${maxAxisValues} values.`;
  return Array.from({ length }, (_, i) => rounded(start + i * step));
}

function rounded(value: number): number {
  return Number(value.toPrecision(12));
}
