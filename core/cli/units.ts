/** Sizes and durations for people; counts are written by core/analysis/format-numbers.ts. */

/** @example formatBytes(3 * 2 ** 30) === "3.00 GiB" */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let unit = 0;
  let rest = bytes;
  // 1023.7 would print as "1024": it belongs to the next unit.
  while (rest >= 1023.5 && unit < units.length - 1) {
    rest /= 1024;
    unit += 1;
  }
  const digits = unit === 0 ? String(Math.round(rest)) : rest.toPrecision(rest >= 1000 ? 4 : 3);
  return `${digits} ${units[unit] ?? ""}`;
}

/** @example formatSeconds(75) === "1 min 15 s" */
export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
