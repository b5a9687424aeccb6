/** The known name that a misspelt one most likely meant: two swapped letters count as one slip. */
import damerauLevenshtein from "damerau-levenshtein";

/**
 * @param name What the user wrote.
 * @param known Every valid name.
 * @returns The nearest known name, or undefined when none is within 40 % of the longer name's length.
 */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const edits = damerauLevenshtein(normalise(name), normalise(candidate)).steps;
    if (edits < bestDistance && edits <= 0.4 * Math.max(name.length, candidate.length)) {
      best = candidate;
      bestDistance = edits;
    }
  }
  return best;
}

/** "topK", "top_k" and "top-k" are one word to a reader. */
function normalise(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.\s]/g, "");
}
