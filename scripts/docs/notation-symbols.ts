/** Looks up the symbols of an equation in docs/notation.md, so that a page explains what it shows. */
export interface NotationSymbol {
  /** As the notation page writes them: "b_dec, b_pre". */
  readonly symbols: string;
  readonly meaning: string;
  /** How the code calls it; Markdown. */
  readonly name: string;
}

/** Rows of the table "Symbols of the papers". @throws Error when the page has no such table. */
export function readNotation(page: string): readonly NotationSymbol[] {
  const section = page.split(/^## /m).find((part) => part.startsWith("Symbols of the papers"));
  const rows = (section ?? "").split("\n").filter((line) => line.startsWith("|"));
  const entries = rows.slice(2).map((row) => {
    const [, symbols = "", meaning = "", name = ""] = row.split(/(?<!\\)\|/).map((cell) => cell.trim());
    return { symbols, meaning, name };
  });
  if (entries.length === 0) throw new Error('docs/notation.md has no table under "Symbols of the papers"');
  return entries.filter(({ symbols }) => symbols !== "");
}

/** The rows whose symbols occur in the equations, in the order of the notation page. */
export function symbolsIn(equations: string, notation: readonly NotationSymbol[]): readonly NotationSymbol[] {
  const used = new Set(equations.match(/[A-Za-z]\w*/g) ?? []);
  return notation.filter(({ symbols }) => identifiersOf(symbols).some((symbol) => used.has(symbol)));
}

/** "p(x), P_e" -> p, P_e. */
function identifiersOf(symbols: string): readonly string[] {
  return symbols.split(",").flatMap((symbol) => /^\s*([A-Za-z]\w*)/.exec(symbol)?.[1] ?? []);
}
