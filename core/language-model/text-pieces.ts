/** Cuts a long text where no token of GPT-2 reaches across, so that the pieces' ids are those of the whole. */

/**
 * Cuts before white space that follows something else: no match of GPT-2's splitting pattern, and no special token,
 * has white space after another character.
 * @param minCharacters Every piece but the last has at least this many.
 */
export function* textPieces(text: string, minCharacters: number): Generator<string> {
  const boundary = /(?<=\S)(?=\s)/g;
  let start = 0;
  while (text.length - start > minCharacters) {
    boundary.lastIndex = start + minCharacters;
    const cut = boundary.exec(text)?.index;
    if (cut === undefined) break;
    yield text.slice(start, cut);
    start = cut;
  }
  yield text.slice(start);
}
