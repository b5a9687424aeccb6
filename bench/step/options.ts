/** What the step bench is told by words: which sizes, on which device, how often. */
import { defaultThreads } from "../devices.ts";
import { oneOf, readDeviceWords, type Words } from "../words.ts";
import type { StepSize } from "./size.ts";

/** How dictionaries of different numbers of experts are made comparable. */
export const matches = ["width", "flops"] as const;
export type Match = (typeof matches)[number];

export interface PlannedSize {
  /** width: F features are divided among the experts. flops: every expert has F features, as many as the one alone. */
  readonly match: Match;
  readonly size: StepSize;
}

const initial = {
  ...{ device: "native", adapter: "auto", threads: String(defaultThreads), steps: "7" },
  ...{ match: "width,flops", experts: "all", B: "4096", D: "768", F: "24576", K: "32", flopsB: "1024" },
};

/** On a GPU: larger batches, which it needs to be busy, and the sizes that are compared with PyTorch. */
const gpuInitial = { match: "width", experts: "1,16,64", B: "8192", steps: "20" };

export type StepWords = Words<keyof typeof initial>;

/** The experts of `experts=all`. */
const allExperts: Readonly<Record<Match, readonly number[]>> = {
  width: [1, 2, 4, 8, 16, 32, 64, 128],
  flops: [1, 2, 4, 8],
};

/** @throws WordError */
export function readStepWords(argv: readonly string[]): StepWords {
  return readDeviceWords(argv, initial, gpuInitial);
}

/** @throws WordError */
export function plannedSizes(words: StepWords): readonly PlannedSize[] {
  const [D, F, K] = [words.count("D"), words.count("F"), words.count("K")];
  return words.list("match").flatMap((name) => {
    const match: Match = oneOf("match", name, matches);
    const B = words.count(match === "width" ? "B" : "flopsB");
    const experts = words.text("experts") === "all" ? allExperts[match] : words.counts("experts");
    return experts.map((E) => ({ match, size: { B, D, F: match === "width" ? F : F * E, E, K } }));
  });
}
