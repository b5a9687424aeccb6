/** The known name that a misspelt one most likely meant: two swapped letters count as one slip. */
import damerauLevenshtein from "damerau-levenshtein";

/**
 * @param name What the user wrote.
 * @param known Every valid name.
 * @returns The nearest known name, or undefined when none is within one slip or 40 % of the longer name's length.
 */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const edits = damerauLevenshtein(normalise(name), normalise(candidate)).steps;
    if (edits < bestDistance && edits <= allowance(name, candidate)) {
      best = candidate;
      bestDistance = edits;
    }
  }
  return best;
}

/** One slip is forgiven where a letter of the name is left to recognise it by: "kk" is near "k", "x" is not. */
function allowance(name: string, candidate: string): number {
  const longer = Math.max(name.length, candidate.length);
  return Math.max(0.4 * longer, longer > 1 ? 1 : 0);
}

/** "topK", "top_k" and "top-k" are one word to a reader. */
function normalise(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.\s]/g, "");
}
