/** The rules of docs and core/README.md on who may import whom, as functions from imports to violations. */
import type { Import } from "./read-imports.ts";

/** Rooms and single files of core, from low to high: each may import itself and what stands before it. */
export const coreOrder: readonly string[] = [
  "package-root.ts",
  "errors",
  "plugin",
  "config",
  "container",
  "data",
  "language-model",
  "model",
  "training",
  "evaluation",
  "services.ts",
  "program",
  "sweep",
  "run",
  "interchange",
  "inspection",
  "analysis",
  "index.ts",
  "scaffold",
  "cli",
];

const compositionRoot = "core/cli/composition-root.ts";
const cataloguePath = "plugins/catalogue.ts";
const tensorLibrary = /^@tensorflow\//;

/** What part of the repository a file belongs to: "core/model", "kernels", "plugins", or "" for a package. */
export function roomOf(path: string): string {
  const [top = "", second = ""] = path.split("/");
  if (top === "core") return `core/${second}`;
  return ["kernels", "plugins", "test", "scripts", "bench"].includes(top) ? top : "";
}

/** Every violation, as "<file> imports <file>: <rule>". */
export function violations(imports: readonly Import[]): readonly string[] {
  return imports.flatMap((found) =>
    rules.flatMap((rule) => {
      const broken = rule(found);
      return broken === undefined ? [] : [`${found.from} imports ${found.to}: ${broken}`];
    }),
  );
}

type Rule = (found: Import) => string | undefined;

const rules: readonly Rule[] = [
  ({ from, to }) => {
    const [importer, imported] = [roomOf(from), roomOf(to)];
    if (!importer.startsWith("core/") || !imported.startsWith("core/")) return undefined;
    const [above, below] = [importer, imported].map((room) => coreOrder.indexOf(room.slice("core/".length)));
    if (above === -1 || below === -1) return "one of them has no place in the order of core's rooms";
    return above! < below! ? "core imports point downward only" : undefined;
  },
  ({ from, to }) => {
    const outside = roomOf(to) !== "" && roomOf(to) !== "kernels";
    return roomOf(from) === "kernels" && outside ? "kernels import nothing else of the repository" : undefined;
  },
  ({ from, to }) => {
    if (roomOf(to) !== "plugins" || from === cataloguePath) return undefined;
    if (roomOf(from) === "plugins") return "plugins never import each other";
    const isAllowed = from === compositionRoot && to === cataloguePath;
    return isAllowed ? undefined : "only the composition root imports plugins, and only their catalogue";
  },
  ({ from, to }) => {
    const isSource = ["core", "kernels", "plugins"].includes(from.split("/")[0] ?? "");
    const isTool = ["test", "scripts", "bench"].includes(roomOf(to));
    return isSource && isTool ? "sources import no tests and no tools" : undefined;
  },
  ({ from, to, isType, isDynamic }) => {
    if (roomOf(from) === "kernels" || isType || isDynamic || !tensorLibrary.test(to)) return undefined;
    return "only kernels import a tensor library; take it by deps: { tf: tensorFlowRef }";
  },
  ({ from, isType, isDynamic }) =>
    from === cataloguePath && !isType && !isDynamic ? "the catalogue imports lazily" : undefined,
];

/** Chains of imports that run at start, from a file to a tensor library; the shortest of each file. */
export function loadsTensorLibrary(imports: readonly Import[], starts: readonly string[]): readonly string[] {
  const eager = groupByFile(imports.filter(({ isType, isDynamic }) => !isType && !isDynamic));
  return starts.flatMap((start) => {
    const queue: (readonly string[])[] = [[start]];
    const seen = new Set([start]);
    for (let chain = queue.shift(); chain !== undefined; chain = queue.shift()) {
      for (const to of eager.get(chain.at(-1)!) ?? []) {
        if (tensorLibrary.test(to)) return [[...chain, to].join(" -> ")];
        if (seen.has(to)) continue;
        seen.add(to);
        queue.push([...chain, to]);
      }
    }
    return [];
  });
}

/** Circles of imports between nodes: files as they are, or what `nodeOf` makes of them. */
export function circles(
  imports: readonly Import[],
  nodeOf: (path: string) => string = (path) => path,
): readonly string[] {
  const edges = groupByFile(
    imports
      .filter(({ isDynamic, to }) => !isDynamic && roomOf(to) !== "")
      .map((found) => ({ ...found, from: nodeOf(found.from), to: nodeOf(found.to) }))
      .filter(({ from, to }) => from !== to),
  );
  const found: string[] = [];
  const finished = new Set<string>();
  const visit = (node: string, path: readonly string[]): void => {
    if (finished.has(node)) return;
    if (path.includes(node)) {
      found.push([...path.slice(path.indexOf(node)), node].join(" -> "));
      return;
    }
    for (const next of edges.get(node) ?? []) visit(next, [...path, node]);
    finished.add(node);
  };
  for (const node of edges.keys()) visit(node, []);
  return found;
}

function groupByFile(imports: readonly Import[]): ReadonlyMap<string, ReadonlySet<string>> {
  const groups = new Map<string, Set<string>>();
  for (const { from, to } of imports) {
    const group = groups.get(from) ?? new Set();
    groups.set(from, group.add(to));
  }
  return groups;
}
