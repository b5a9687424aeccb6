/**
 * Writes the numbers of one column so that they can be compared at a glance: the same decimals and the same power of
 * ten for all, four significant digits for the largest, at least three for the smallest.
 */

export interface ColumnFormat {
  /** Goes in the header: "kFLOP", "ms", "" */
  readonly unit: string;
  readonly write: (value: number) => string;
}

const mostDecimals = 6;
const prefixes = ["", "k", "M", "G", "T", "P", "E"];
/** Units that take a prefix; for others the number is left as it is until it is too long. */
const scalable = new Set(["FLOP", "parameters", "rows/s"]);

/**
 * @param values Those of the column, in any order; missing ones left out.
 * @param unit As the metric states it.
 */
export function formatOfColumn(values: readonly number[], unit = ""): ColumnFormat {
  const sizes = values.map(Math.abs).filter((size) => size > 0 && Number.isFinite(size));
  const smallest = sizes.length === 0 ? 1 : Math.min(...sizes);
  const largest = sizes.length === 0 ? 1 : Math.max(...sizes);
  if (scalable.has(unit) || smallest >= 1e6) return scaledFormat(smallest, largest, unit);
  if (values.every((value) => Number.isInteger(value)) && largest < 1e6) return { unit, write: (value) => `${value}` };
  const decimals = decimalsFor(smallest, largest);
  if (decimals > mostDecimals || largest >= 1e7) return { unit, write: (value) => value.toExponential(2) };
  return { unit, write: (value) => value.toFixed(decimals) };
}

function scaledFormat(smallest: number, largest: number, unit: string): ColumnFormat {
  const power = Math.min(Math.max(Math.floor(Math.log10(smallest) / 3), 0), prefixes.length - 1);
  const scale = 1000 ** power;
  const decimals = Math.max(Math.min(decimalsFor(smallest / scale, largest / scale), mostDecimals), 0);
  const prefix = prefixes[power] ?? "";
  // "kFLOP" is a unit; "kparameters" is not, and "k" says it.
  return {
    unit: unit === "FLOP" || prefix === "" ? prefix + unit : prefix,
    write: (v) => (v / scale).toFixed(decimals),
  };
}

function decimalsFor(smallest: number, largest: number): number {
  return Math.max(0, 3 - Math.floor(Math.log10(largest)), 2 - Math.floor(Math.log10(smallest)));
}

/** One number by itself, with its prefix: "1.05 MFLOP", "98.3 k". */
export function formatNumber(value: number, unit = ""): string {
  if (value === 0) return unit === "" ? "0" : `0 ${unit}`;
  const size = Math.abs(value);
  const power = size < 1e4 ? 0 : Math.min(Math.floor(Math.log10(size) / 3), prefixes.length - 1);
  const scaled = value / 1000 ** power;
  const digits = Math.abs(scaled) >= 1000 ? scaled.toFixed(0) : trimmed(scaled.toPrecision(3));
  const suffix = `${prefixes[power] ?? ""}${unit}`;
  return suffix === "" ? digits : `${digits} ${suffix}`;
}

/** "16.0" -> "16"; "1.20e-7" stays. */
function trimmed(digits: string): string {
  return digits.includes(".") && !digits.includes("e") ? digits.replace(/\.?0+$/, "") : digits;
}
