/**
 * A file's bytes -> its tree, or a reason at line 1 why there is none. Everything that is not a YAML map stops here:
 * folders, missing files, binaries, UTF-16, lists.
 */
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { nearestName } from "../errors/nearest-name.ts";
import { diagnosticAtSpan, type Diagnostic, type Problem } from "./diagnostic.ts";
import type { MapNode } from "./node.ts";
import { parseYaml } from "./parse-yaml.ts";
import { fileText, startOf, type SourceText, type Span } from "./positions.ts";

/** Reads a file's bytes; tests and editors put memory in its place. */
export type ReadBytes = (absoluteFile: string) => Promise<Uint8Array>;

export interface ConfigFile {
  readonly source: SourceText;
  /** Absent when the file cannot be used; then there is an error among the diagnostics. */
  readonly root?: MapNode;
  readonly diagnostics: readonly Diagnostic[];
}

export interface ReadOptions {
  /** Absolute. */
  readonly file: string;
  /** As the user named it. */
  readonly name: string;
  /** Where the file was asked for, when another file named it; problems of finding it are reported there. */
  readonly askedAt?: Span | undefined;
  readonly readBytes?: ReadBytes | undefined;
}

export async function readConfigFile(options: ReadOptions): Promise<ConfigFile> {
  const { file, name, askedAt, readBytes = readFile } = options;
  let bytes: Uint8Array;
  try {
    bytes = await readBytes(file);
  } catch (error) {
    const source = fileText(name, "");
    const problem = await whyUnreadable(file, name, error);
    return { source, diagnostics: [diagnosticAtSpan(askedAt ?? startOf(source), "", problem)] };
  }
  const { text, problem } = decode(bytes);
  const source = fileText(name, text);
  const notes = problem === undefined ? [] : [diagnosticAtSpan(startOf(source), "", problem)];
  if (problem !== undefined && problem.severity !== "warning") return { source, diagnostics: notes };
  return parseMap(source, notes);
}

function parseMap(source: SourceText, notes: readonly Diagnostic[]): ConfigFile {
  const { root, diagnostics } = parseYaml(source);
  const all = [...notes, ...diagnostics];
  if (root?.kind === "map") return { source, root, diagnostics: all };
  if (root === undefined && diagnostics.length > 0) return { source, diagnostics: all };
  const problem: Problem =
    root === undefined
      ? { code: "CONFIG_EMPTY", message: "This file holds no config.", expected: "keys such as source: and model:" }
      : {
          code: "CONFIG_NOT_A_MAP",
          message: "A config is a map of keys to values.",
          expected: "keys such as source: and model:",
          received: root.kind === "list" ? "a list" : "one value",
        };
  return { source, diagnostics: [...all, diagnosticAtSpan(root?.span ?? startOf(source), "", problem)] };
}

/** UTF-8 only. A byte order mark is tolerated with a warning, as other tools will not see it. */
function decode(bytes: Uint8Array): { readonly text: string; readonly problem?: Problem } {
  const [first, second, third] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    const message = "This file is written in UTF-16.";
    return { text: "", problem: { code: "CONFIG_NOT_TEXT", message, expected: "UTF-8", next: "save it as UTF-8" } };
  }
  const hasMark = first === 0xef && second === 0xbb && third === 0xbf;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return { text: "", problem: notText };
  }
  if (text.includes("\0")) return { text: "", problem: notText };
  if (!hasMark) return { text };
  const message = "This file starts with a byte order mark.";
  const next = "save it as UTF-8 without one";
  return { text, problem: { code: "CONFIG_BYTE_ORDER_MARK", severity: "warning", message, next } };
}

const notText: Problem = {
  code: "CONFIG_NOT_TEXT",
  message: "This file is not text.",
  expected: "YAML in UTF-8",
  received: "bytes that are no UTF-8 text",
};

async function whyUnreadable(file: string, name: string, error: unknown): Promise<Problem> {
  const reason = error instanceof Error && "code" in error ? String(error.code) : String(error);
  if (reason === "EISDIR") {
    const message = `"${name}" is a folder, and a config is a file.`;
    return { code: "CONFIG_FILE_IS_FOLDER", message, suggestions: await configsIn(file, name) };
  }
  if (reason === "ENOENT" || reason === "ENOTDIR") {
    const siblings = await yamlFilesIn(dirname(file));
    const nearest = nearestName(basename(name), siblings);
    const message = `There is no file "${name}".`;
    const suggestions = nearest === undefined ? undefined : [name.slice(0, -basename(name).length) + nearest];
    return { code: "CONFIG_FILE_MISSING", message, suggestions };
  }
  return { code: "CONFIG_FILE_UNREADABLE", message: `"${name}" cannot be read.`, received: reason };
}

async function configsIn(folder: string, name: string): Promise<readonly string[]> {
  const files = await yamlFilesIn(folder);
  return files.slice(0, 3).map((file) => `${name.replace(/\/+$/, "")}/${file}`);
}

async function yamlFilesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((file) => /\.ya?ml$/.test(file)).sort();
  } catch {
    return [];
  }
}
