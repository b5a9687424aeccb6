/**
 * `extends:` -> one tree. A config names one base or a list of them, relative to itself; later bases win over
 * earlier ones, and the config wins over all. A file that ends up extending itself is reported with the whole circle.
 */
import { dirname, isAbsolute, join, resolve } from "node:path";
import { diagnosticAtSpan, type Diagnostic } from "./diagnostic.ts";
import { mergeMaps } from "./merge.ts";
import { emptyMap, withoutEntry, type ConfigNode, type MapNode } from "./node.ts";
import { fileText, placeOf, type SourceText, type Span } from "./positions.ts";
import { readConfigFile, type ReadBytes } from "./read-config-file.ts";
import { expandShorthand } from "./slots.ts";
import { describeValue } from "./describe-value.ts";

export interface LoadedFiles {
  /** The merged tree; empty when nothing could be read. */
  readonly root: MapNode;
  /** The file that was asked for. */
  readonly source: SourceText;
  /** Absolute paths of every file that took part, the asked-for one first. */
  readonly files: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

export interface LoadOptions {
  readonly file: string;
  readonly projectFolder: string;
  readonly readBytes?: ReadBytes | undefined;
}

/** Reads a config file and all that it extends. */
export async function loadFiles({ file, projectFolder, readBytes }: LoadOptions): Promise<LoadedFiles> {
  const loader = new Loader(readBytes);
  const root = await loader.load(resolve(projectFolder, file), file, []);
  return {
    root: root ?? emptyMap,
    source: loader.firstSource ?? fileText(file, ""),
    files: loader.files,
    diagnostics: loader.diagnostics,
  };
}

interface Ancestor {
  readonly file: string;
  readonly name: string;
  /** Where this file names the one that is loaded now. */
  readonly asks: Span;
}

class Loader {
  readonly diagnostics: Diagnostic[] = [];
  readonly files: string[] = [];
  firstSource: SourceText | undefined;
  readonly #readBytes: ReadBytes | undefined;

  constructor(readBytes: ReadBytes | undefined) {
    this.#readBytes = readBytes;
  }

  async load(file: string, name: string, ancestors: readonly Ancestor[]): Promise<MapNode | undefined> {
    const askedAt = ancestors.at(-1)?.asks;
    const read = await readConfigFile({ file, name, askedAt, readBytes: this.#readBytes });
    this.firstSource ??= read.source;
    this.files.push(file);
    this.diagnostics.push(...read.diagnostics);
    if (read.root === undefined) return undefined;
    let merged: MapNode | undefined;
    for (const asked of this.#basesOf(read.root)) {
      const baseFile = resolve(dirname(file), asked.name);
      const baseName = isAbsolute(asked.name) ? asked.name : join(dirname(name), asked.name);
      const chain = [...ancestors, { file, name, asks: asked.span }];
      if (this.#isCircle(baseFile, chain)) continue;
      const base = await this.load(baseFile, baseName, chain);
      if (base !== undefined) merged = merged === undefined ? base : mergeMaps(merged, base);
    }
    const own = expandShorthand(withoutEntry(read.root, "extends"));
    return merged === undefined ? own : mergeMaps(merged, own);
  }

  #basesOf(root: MapNode): readonly { readonly name: string; readonly span: Span }[] {
    const value = root.entries.get("extends")?.value;
    if (value === undefined || (value.kind === "scalar" && value.value === null)) return [];
    const items: readonly ConfigNode[] = value.kind === "list" ? value.items : [value];
    return items.flatMap((item) => {
      if (item.span === undefined) return [];
      if (item.kind === "scalar" && typeof item.value === "string" && isPlainPath(item.value)) {
        return [{ name: item.value, span: item.span }];
      }
      const isInterpolated = item.kind === "scalar" && typeof item.value === "string" && item.value.includes("${");
      const problem = {
        code: "EXTENDS_INVALID",
        message: isInterpolated
          ? "extends cannot be interpolated: files are read before values are known."
          : "extends takes the path of a config, or a list of such paths.",
        expected: "base.yaml or [base.yaml, gpu.yaml]",
        received: describeValue(item),
      } as const;
      this.diagnostics.push(diagnosticAtSpan(item.span, "extends", problem));
      return [];
    });
  }

  #isCircle(file: string, chain: readonly Ancestor[]): boolean {
    const start = chain.findIndex((ancestor) => ancestor.file === file);
    const last = chain.at(-1);
    if (start === -1 || last === undefined) return false;
    const circle = chain.slice(start);
    const names = [...circle.map(({ name }) => name), circle[0]?.name ?? ""];
    this.diagnostics.push(
      diagnosticAtSpan(last.asks, "extends", {
        code: "EXTENDS_CYCLE",
        message: `These configs extend each other in a circle: ${names.join(" -> ")}.`,
        related: circle.slice(0, -1).map(({ asks }) => ({ message: "asked for at", where: placeOf(asks) })),
        next: "remove one of these extends",
      }),
    );
    return true;
  }
}

function isPlainPath(text: string): boolean {
  return text !== "" && !text.includes("${") && !text.includes("\0");
}
