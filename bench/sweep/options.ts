/** What the sweep bench is told by words. */
import { readWords, type Words } from "../words.ts";

const initial = { device: "auto", steps: "config" };

export type SweepWords = Words<keyof typeof initial>;

/** @throws WordError */
export function readSweepWords(argv: readonly string[]): SweepWords {
  return readWords(argv, initial);
}

/**
 * Overrides of the quickstart's config. Every step is logged, because only logged steps say how long they took; what
 * that costs counts as overhead.
 * @throws WordError
 */
export function overridesOf(words: SweepWords): readonly string[] {
  const steps = words.text("steps") === "config" ? [] : [`training.steps=${words.count("steps")}`];
  return ["training.logEvery=1", `device=${words.text("device")}`, ...steps];
}
