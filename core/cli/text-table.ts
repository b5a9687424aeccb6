/** A plain table: columns as wide as their widest cell, numbers to the right. */

/** @param rows Cells as text; every row as long as `heading`. @returns Lines ending in a newline. */
export function textTable(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [heading, ...rows];
  const widths = heading.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  const isNumeric = heading.map((_, column) => rows.length > 0 && rows.every((row) => looksNumeric(row[column] ?? "")));
  return all
    .map((row) => {
      const cells = row.map((cell, i) =>
        isNumeric[i] === true ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0),
      );
      return `${cells.join("  ").trimEnd()}\n`;
    })
    .join("");
}

function looksNumeric(cell: string): boolean {
  return cell === "" || /^-?\d[\d.]*(e[+-]?\d+)?\s?\D{0,4}$/.test(cell);
}
