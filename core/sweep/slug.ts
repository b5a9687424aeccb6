/**
 * Names for runs, made of what the sweep varies: "router=switch-experts=8-k=32-seed=1". A name depends on the run's
 * own axes only, so a sweep that grows keeps the folders of the runs that it already has.
 */
import { createHash } from "node:crypto";

/** A path and the value that a run has there. */
export interface AxisValue {
  readonly path: string;
  readonly value: unknown;
}

const maxLength = 96;

/**
 * @param axes In the order of the sweep.
 * @param whenNone The name of a run without axes.
 * @returns Letters, digits and `-=._+` only; at most 96 of them.
 */
export function slugOf(axes: readonly AxisValue[], whenNone: string): string {
  const labels = labelsOf(axes.map(({ path }) => path));
  const parts = axes.map(({ value }, index) => partOf(labels[index] ?? "", value));
  const whole = parts.length === 0 ? safe(whenNone) : parts.join("-");
  if (whole.length <= maxLength) return whole;
  const digest = createHash("sha256").update(JSON.stringify(axes)).digest("hex").slice(0, 6);
  return `${whole.slice(0, maxLength - 7).replace(/[-=._]+$/, "")}-${digest}`;
}

/** The shortest end of each path that names it alone: "k", or "router.experts" beside "source.experts". */
function labelsOf(paths: readonly string[]): readonly string[] {
  return paths.map((path) => {
    const segments = path.split(".");
    for (let length = 1; length < segments.length; length++) {
      const label = segments.slice(-length).join(".");
      const isClear = !/^\d+(\.|$)/.test(label) && label !== "type" && label !== "weight";
      if (isClear && paths.every((other) => other === path || !`.${other}`.endsWith(`.${label}`))) return safe(label);
    }
    return safe(path);
  });
}

function partOf(label: string, value: unknown): string {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    const { type, ...options } = value as Record<string, unknown>;
    const rest = Object.entries(options).map(([key, option]) => `${safe(key)}=${textOf(option)}`);
    return [`${label}=${type === undefined ? "" : textOf(type)}`, ...rest].join("-").replace("=-", "-");
  }
  return `${label}=${textOf(value)}`;
}

function textOf(value: unknown): string {
  if (typeof value === "string") return safe(value.split(/[/\\]/).filter(Boolean).at(-1) ?? "empty");
  if (Array.isArray(value)) return value.map(textOf).join("+") || "none";
  if (typeof value === "object" && value !== null) {
    return Object.entries(value)
      .map(([key, item]) => (key === "type" ? textOf(item) : `${safe(key)}=${textOf(item)}`))
      .join("-");
  }
  return typeof value === "number" ? numberText(value) : safe(String(value));
}

/** Six digits are enough for a name: 0.0001632993 is "0.000163299". */
function numberText(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
}

/** For file systems and shells: no separators, blanks, or letters beyond ASCII. */
function safe(text: string): string {
  const clean = text
    .normalize("NFKD")
    .replaceAll(/[^A-Za-z0-9._+=-]+/g, "_")
    .replace(/^[._-]+(?=.)/, "");
  return clean === "" || /^[._-]+$/.test(clean) ? "_" : clean;
}

/** Makes equal names differ, by a number in order of appearance. */
export function uniqueSlugs(slugs: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  return slugs.map((slug) => {
    let unique = slug;
    for (let n = 2; taken.has(unique.toLowerCase()); n++) unique = `${slug}-${n}`;
    taken.add(unique.toLowerCase());
    return unique;
  });
}
