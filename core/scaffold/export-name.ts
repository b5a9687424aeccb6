/** The name of the constant that a plugin's file exports. */

/** Words that JavaScript does not take for the name of a constant, among those that a plugin may be called. */
const reservedWords = new Set(
  (
    "arguments await break case catch class const continue debugger default delete do else enum eval export extends " +
    "false finally for function if implements import in instanceof interface let new null package private protected " +
    "public return static super switch this throw true try typeof undefined var void while with yield"
  ).split(" "),
);

/** top-k -> topK; a reserved word takes its kind along: switch -> switchRouter. */
export function exportName(kind: string, name: string): string {
  const camelCase = name.replaceAll(/-([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
  return reservedWords.has(camelCase) ? `${camelCase}${kind.charAt(0).toUpperCase()}${kind.slice(1)}` : camelCase;
}
