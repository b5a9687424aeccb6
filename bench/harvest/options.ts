/** What the harvest bench is told by words. */
import { defaultThreads } from "../devices.ts";
import { oneOf, readWords, type Words } from "../words.ts";
import { subjectNames, type SubjectName } from "./subject.ts";

const initial = {
  ...{ device: "native", adapter: "auto", threads: String(defaultThreads) },
  ...{ models: "tiny-gpt2", contexts: "8", passes: "15" },
};

export type HarvestWords = Words<keyof typeof initial>;

/** @throws WordError */
export function readHarvestWords(argv: readonly string[]): HarvestWords {
  return readWords(argv, initial);
}

/** @throws WordError */
export function plannedSubjects(words: HarvestWords): readonly SubjectName[] {
  return words.list("models").map((name) => oneOf("models", name, subjectNames));
}
