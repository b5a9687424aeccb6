/** `switchyard explain CODE`: what an error code means and what to do. */
import { explanations } from "../../errors/codes.ts";
import { nearestName } from "../../errors/nearest-name.ts";
import { SwitchyardError } from "../../errors/switchyard-error.ts";
import type { Command } from "../command.ts";
import { textTable } from "../text-table.ts";

export const explain: Command = {
  name: "explain",
  summary: "Say what an error code means and what to do.",
  usage: "switchyard explain [CODE]",
  description: "Without a code, lists all codes.",
  flags: {},
  examples: ["switchyard explain K_TOO_LARGE", "switchyard explain"],
  positionals: [0, 1],
  run: (words, io) => {
    const [word] = words.positionals;
    io.out(word === undefined ? listAll() : explainOne(word.toUpperCase()));
    return Promise.resolve(0);
  },
};

function listAll(): string {
  const rows = Object.entries(explanations).map(([code, { title }]) => [code, title]);
  return textTable(
    ["CODE", "MEANING"],
    rows.sort(([a = ""], [b = ""]) => (a < b ? -1 : 1)),
  );
}

function explainOne(code: string): string {
  const found = Object.hasOwn(explanations, code) ? explanations[code] : undefined;
  if (found === undefined) {
    const near = nearestName(code, Object.keys(explanations));
    throw new SwitchyardError("UNKNOWN_CODE", `There is no error code "${code}".`, {
      received: code,
      next: near === undefined ? "Run switchyard explain for the list." : `Did you mean ${near}?`,
    });
  }
  const { title, why, fix, example } = found;
  const parts = [`${code}: ${title}`, `Why\n${indent(why)}`, `What to do\n${indent(fix)}`];
  if (example !== undefined) parts.push(`Example\n${indent(example)}`);
  return `${parts.join("\n\n")}\n`;
}

function indent(text: string): string {
  return text
    .split("\n")
    .flatMap((line) => wrap(line, 96))
    .map((line) => `  ${line}`)
    .join("\n");
}

/** Breaks a line at spaces; a word that is longer than the width stays whole. */
function wrap(line: string, width: number): readonly string[] {
  const lines: string[] = [];
  let current = "";
  for (const word of line.split(" ")) {
    if (current !== "" && current.length + 1 + word.length > width) {
      lines.push(current);
      current = word;
    } else current = current === "" ? word : `${current} ${word}`;
  }
  return [...lines, current];
}
