/**
 * Writes a new plugin with its test and its document, all of which work at once: `switchyard new router my-router`. The
 * templates are plugins themselves, in templates/, tested like the shipped ones; here they only change their names.
 */
import { existsSync } from "node:fs";
import { mkdir, readFile, realpath, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { nearestName } from "../errors/nearest-name.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import { packageRoot } from "../package-root.ts";
import { isPluginName } from "../plugin/definition.ts";
import { exportName } from "./export-name.ts";
import { scaffoldKinds, type ScaffoldKind } from "./kinds.ts";
import { docText, ownTestText, repositoryTestText } from "./texts.ts";

/** What is written for one plugin. */
interface NewFile {
  /** Relative to the project's folder. */
  readonly path: string;
  readonly text: string;
}

/**
 * @param kind As the user typed it.
 * @param name Kebab-case; becomes the file's name and the `type:` in configs.
 * @param folder The project's folder, absolute.
 * @returns Absolute paths of the files, which did not exist before: plugin, test, document.
 * @throws SwitchyardError SCAFFOLD_KIND, SCAFFOLD_NAME, SCAFFOLD_EXISTS; then nothing was written.
 */
export async function scaffold(kind: string, name: string, folder: string): Promise<readonly string[]> {
  const known = checkKind(kind);
  checkName(name);
  const files = await newFiles(known, name, await isRepository(folder));
  for (const { path } of files) {
    if (existsSync(join(folder, path))) throw exists(join(folder, path));
  }
  for (const { path, text } of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    // "wx" fails rather than overwrite, should the file have appeared meanwhile.
    await writeFile(join(folder, path), text, { flag: "wx" });
  }
  return files.map(({ path }) => join(folder, path));
}

async function newFiles(kind: ScaffoldKind, name: string, inRepository: boolean): Promise<readonly NewFile[]> {
  const template = await readFile(join(packageRoot, "core", "scaffold", "templates", `${kind}.ts`), "utf8");
  const exported = exportName(kind, name);
  const code = template
    .replaceAll(exportName(kind, `example-${kind}`), exported)
    .replaceAll(`example-${kind}`, name)
    .replace('"../../index.ts"', inRepository ? '"../../core/index.ts"' : '"switchyard"');
  const plugin = { kind, name, exported };
  return [
    { path: `plugins/${kind}/${name}.ts`, text: code },
    inRepository
      ? { path: `test/plugins/${kind}/${name}.test.ts`, text: repositoryTestText(plugin) }
      : { path: `test/plugins/${kind}/${name}.test.mjs`, text: ownTestText(plugin) },
    { path: `docs/plugins/${kind}/${name}.md`, text: docText(plugin) },
  ];
}

/** In this repository plugins import the core by path, and tests run in its runner. */
async function isRepository(folder: string): Promise<boolean> {
  return (await realpath(folder).catch(() => folder)) === (await realpath(packageRoot));
}

function checkKind(kind: string): ScaffoldKind {
  const known = scaffoldKinds.find((candidate) => candidate === kind);
  if (known !== undefined) return known;
  const near = nearestName(kind, scaffoldKinds);
  throw new SwitchyardError("SCAFFOLD_KIND", `There is no template for a plugin of kind "${kind}".`, {
    expected: `one of ${scaffoldKinds.join(", ")}`,
    received: kind,
    next: near === undefined ? "For another kind, copy a file of plugins/<kind>/." : `Did you mean "${near}"?`,
  });
}

function checkName(name: string): void {
  if (isPluginName(name)) return;
  throw new SwitchyardError("SCAFFOLD_NAME", `"${name}" cannot be the name of a plugin.`, {
    expected: "kebab-case: lower-case letters, digits and single hyphens, starting with a letter",
    received: name,
    next: "Choose another name, such as my-router.",
  });
}

function exists(file: string): SwitchyardError {
  return new SwitchyardError("SCAFFOLD_EXISTS", "A file of the new plugin exists already; nothing was written.", {
    where: file,
    expected: "a name that is not taken",
    next: "Choose another name, or remove the file.",
  });
}
