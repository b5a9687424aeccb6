/**
 * Reads the comment that opens a plugin's file: prose, equations (paragraphs indented by two spaces), the line of
 * shapes, notes on deviations, and where the method comes from. The pages of the reference show it.
 */
export interface HeaderBlock {
  readonly kind: "prose" | "equation" | "deviation";
  /** Lines joined by line feeds, without the comment's marks; equations without their common indent. */
  readonly text: string;
}

export interface HeaderComment {
  readonly blocks: readonly HeaderBlock[];
  /** After "Shapes:", without a full stop; undefined where there is none. */
  readonly shapes: string | undefined;
  /** After "Symbols:", of symbols that no other page explains. */
  readonly symbols: string | undefined;
  /** The `@see` entries, split at semicolons. */
  readonly sources: readonly string[];
}

/** @param source Text of a TypeScript file. @param file For the message. @throws Error when it opens with no comment. */
export function readHeaderComment(source: string, file: string): HeaderComment {
  const comment = /^\/\*\*\n([^]*?)\n \*\/\n/.exec(source)?.[1];
  if (comment === undefined) throw new Error(`${file} does not open with a comment`);
  const lines = comment.split("\n").map((line) => line.replace(/^ \* ?/, ""));
  const blocks: HeaderBlock[] = [];
  const sources: string[] = [];
  let shapes: string | undefined;
  let symbols: string | undefined;
  for (const paragraph of paragraphsOf(lines)) {
    const text = paragraph.join("\n");
    const joined = paragraph.map((line) => line.trim()).join(" ");
    if (text.startsWith("Shapes:")) shapes = joined.slice("Shapes:".length).trim().replace(/\.$/, "");
    else if (text.startsWith("Symbols:")) symbols = joined.slice("Symbols:".length).trim().replace(/\.$/, "");
    else if (text.startsWith("@see")) sources.push(...sourcesOf(joined));
    else if (text.startsWith("NOTE(deviation):")) blocks.push({ kind: "deviation", text: joined.slice(16).trim() });
    else if (paragraph.every((line) => line.startsWith("  ")))
      blocks.push({ kind: "equation", text: unindent(paragraph) });
    else blocks.push({ kind: "prose", text });
  }
  return { blocks, shapes, symbols, sources };
}

/** Blank lines part paragraphs; so do "Shapes:", "Symbols:", "@see" and "NOTE(deviation):" at the start of a line. */
function paragraphsOf(lines: readonly string[]): readonly (readonly string[])[] {
  const paragraphs: string[][] = [[]];
  for (const line of lines) {
    if (line === "" || /^(?:Shapes:|Symbols:|@see|NOTE\(deviation\):)/.test(line)) paragraphs.push([]);
    if (line !== "") paragraphs.at(-1)?.push(line);
  }
  return paragraphs.filter((paragraph) => paragraph.length > 0);
}

function sourcesOf(joined: string): readonly string[] {
  return joined
    .slice("@see".length)
    .split(";")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}

function unindent(lines: readonly string[]): string {
  const indent = Math.min(...lines.map((line) => line.length - line.trimStart().length));
  return lines.map((line) => line.slice(indent)).join("\n");
}
