/**
 * Texts as sequences of token ids. A .txt file is one sequence; the documents of a .jsonl file are one sequence with
 * the end-of-text token between them; of a file of ids (.safetensors, .npy) a vector is one sequence, and so is each
 * row of a matrix. Nothing is joined across files.
 */
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { readError } from "../data/file-errors.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import { readTokenIds } from "./token-ids-file.ts";
import type { TokenSequence } from "./token-sequence.ts";
import type { TextTokenizer } from "./tokenizer.ts";

export interface SequenceOptions {
  /** Asked for when the first text is met: files of ids need none. */
  readonly tokenizer: () => Promise<TextTokenizer>;
  /** Field of a .jsonl line. */
  readonly field: string;
  readonly endOfTextId: number | undefined;
  readonly vocabularySize: number;
}

/** File endings of texts and token ids. */
export const textEndings = [".txt", ".jsonl", ".safetensors", ".npy"] as const;

/**
 * @throws SwitchyardError FILE_MISSING, TEXT_NOT_UTF8, TEXT_LINE_INVALID, TOKENS_UNREADABLE, TOKEN_OUT_OF_RANGE,
 * TOKENIZER_UNUSABLE
 */
export async function readTokenSequences(file: string, options: SequenceOptions): Promise<readonly TokenSequence[]> {
  const sequences = await readByEnding(file, options);
  for (const { where, ids } of sequences) checkIds(where, ids, options.vocabularySize);
  return sequences;
}

async function readByEnding(file: string, options: SequenceOptions): Promise<readonly TokenSequence[]> {
  const name = file.toLowerCase();
  if (name.endsWith(".safetensors") || name.endsWith(".npy")) return readTokenIds(file);
  const tokenizer = await options.tokenizer();
  if (name.endsWith(".jsonl")) return [{ where: file, ids: await readJsonLines(file, tokenizer, options) }];
  return [{ where: file, ids: Int32Array.from(tokenizer.encode(await readText(file))) }];
}

async function readText(file: string): Promise<string> {
  try {
    const bytes = await readFile(file);
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw readError(file, error);
    throw new SwitchyardError("TEXT_NOT_UTF8", "The text is not valid UTF-8.", {
      where: file,
      next: "Convert it, for example with iconv -f latin1 -t utf8.",
      cause: error,
    });
  }
}

async function readJsonLines(file: string, tokenizer: TextTokenizer, options: SequenceOptions): Promise<Int32Array> {
  const ids: number[] = [];
  let lineNumber = 0;
  try {
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      lineNumber += 1;
      if (line.trim() === "") continue;
      const text = parseLine(`${file}:${lineNumber}`, line, options.field);
      if (ids.length > 0 && options.endOfTextId !== undefined) ids.push(options.endOfTextId);
      for (const id of tokenizer.encode(text)) ids.push(id);
    }
  } catch (error) {
    throw readError(file, error);
  }
  return Int32Array.from(ids);
}

function parseLine(where: string, line: string, field: string): string {
  const invalid = (received: string, cause?: unknown): SwitchyardError =>
    new SwitchyardError("TEXT_LINE_INVALID", "The line is not a JSON object with the text.", {
      where,
      expected: `{"${field}": "..."}`,
      received,
      next: "Repair the line, or set the source's field option.",
      cause,
    });
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw invalid(line.slice(0, 60), error);
  }
  if (typeof value !== "object" || value === null) throw invalid(line.slice(0, 60));
  const text: unknown = Object.entries(value).find(([key]) => key === field)?.[1];
  if (typeof text !== "string") throw invalid(`the fields ${Object.keys(value).join(", ") || "(none)"}`);
  return text;
}

function checkIds(where: string, ids: Int32Array, vocabularySize: number): void {
  const bad = ids.findIndex((id) => id < 0 || id >= vocabularySize);
  if (bad === -1) return;
  throw new SwitchyardError("TOKEN_OUT_OF_RANGE", "A token is not in the model's vocabulary.", {
    where: `${where}, token ${bad}`,
    expected: `ids from 0 to ${vocabularySize - 1}`,
    received: String(ids[bad]),
    next: "Use the tokenizer that belongs to this checkpoint.",
  });
}
