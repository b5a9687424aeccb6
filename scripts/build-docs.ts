/**
 * Writes docs/reference/ from the code itself: config.md (every key), plugins.md (every plugin with its options),
 * errors.md (what `switchyard explain` prints), and a page for each router, expert, loss, optimizer, schedule and
 * evaluator, with an example that is executed. Tests compare the files.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { TObject } from "typebox";
import { runSchema } from "../core/config/core-schema.ts";
import { explanations } from "../core/errors/codes.ts";
import type { Evaluator } from "../core/evaluation/contracts.ts";
import { buildPlugin } from "../core/index.ts";
import type { AnyPlugin } from "../core/plugin/define-plugin.ts";
import { pluginKinds } from "../core/plugin/kinds.ts";
import { catalogue } from "../plugins/catalogue.ts";
import { readNotation } from "./docs/notation-symbols.ts";
import { documentedKinds, isDocumented, notice, optionTable, pluginPage } from "./docs/plugin-pages.ts";
import { exampleNames, runExample } from "./docs/run-examples.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

/** File name -> text. */
export async function referencePages(): Promise<ReadonlyMap<string, string>> {
  const plugins = await Promise.all(Object.values(catalogue).map((load) => load()));
  return new Map([
    ["config.md", configPage()],
    ["plugins.md", pluginsPage(plugins)],
    ["errors.md", errorsPage()],
  ]);
}

/**
 * `<kind>/<name>.md` -> text. Executes every example; once a process.
 * @throws Error for a plugin without an example, and for an example without a plugin.
 */
export async function pluginPages(): Promise<ReadonlyMap<string, string>> {
  const folder = join(root, "docs/examples");
  const keys = Object.keys(catalogue).filter((key) => documentedKinds.some((kind) => key.startsWith(`${kind}/`)));
  const shared = { root, notation: readNotation(readFileSync(join(root, "docs/notation.md"), "utf8")) };
  for (const extension of [".ts", ".yaml"] as const) {
    const names = exampleNames(folder, extension);
    const odd = [...keys.filter((key) => !names.includes(key)), ...names.filter((name) => !keys.includes(name))];
    if (odd.length > 0) throw new Error(`docs/examples: without an example or without a plugin: ${odd.join(", ")}`);
  }
  const pages = new Map<string, string>();
  for (const key of keys) {
    const plugin = await catalogue[key]?.();
    if (plugin === undefined) continue;
    const example = await runExample(folder, key);
    const metrics = plugin.kind === "evaluator" ? { metrics: await metricsOf(plugin) } : {};
    pages.set(`${key}.md`, pluginPage({ ...shared, plugin, example, ...metrics }));
  }
  return pages;
}

/** What an evaluator with default options measures. */
async function metricsOf(plugin: AnyPlugin): Promise<Evaluator["metrics"]> {
  const { device } = await import("../docs/examples/device.ts");
  const built = await buildPlugin(plugin as AnyPlugin & { readonly kind: "evaluator" }, {}, { device });
  return built.instance.metrics;
}

function configPage(): string {
  const sections = Object.entries(runSchema.properties).flatMap(([key, schema]) =>
    isObjectSchema(schema) ? [`## ${key}\n\n${textOf(schema)}\n\n${optionTable(schema)}`] : [],
  );
  const top = `## Top level\n\nBeside these: \`extends\` and \`sweep\`, which [the guide](../config.md) explains.\n\n${optionTable(runSchema)}`;
  return page("Config reference", [top, ...sections]);
}

function pluginsPage(plugins: readonly AnyPlugin[]): string {
  const sections = pluginKinds.flatMap((kind) => {
    const ofKind = plugins.filter((plugin) => plugin.kind === kind);
    return [`## ${kind}`, ...ofKind.map(pluginSection)];
  });
  return page("Plugin reference", sections);
}

function pluginSection(plugin: AnyPlugin): string {
  const lines = [`### ${plugin.kind}/${plugin.name}`, `${plugin.summary} Version ${plugin.version}.`];
  if (plugin.paper !== undefined) lines.push(`Described in: ${plugin.paper}.`);
  lines.push(optionTable(plugin.options));
  if (isDocumented(plugin.kind))
    lines.push(`[Equation, symbols, source and an example](${plugin.kind}/${plugin.name}.md)`);
  return lines.join("\n\n");
}

function errorsPage(): string {
  const sections = Object.entries(explanations)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, { title, why, fix, example }]) => {
      const shown = example === undefined ? [] : [`\`\`\`text\n${example}\n\`\`\``];
      return [`## ${code}`, `**${title}**`, why, fix, ...shown].join("\n\n");
    });
  return page("Error codes", sections);
}

function page(title: string, sections: readonly string[]): string {
  return `# ${title}\n\n${notice}\n\n${sections.join("\n\n")}\n`;
}

function isObjectSchema(schema: object): schema is TObject {
  return "properties" in schema;
}

function textOf(schema: object): string {
  return "description" in schema && typeof schema.description === "string" ? schema.description : "";
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const folder = join(root, "docs/reference");
  const pages = [...(await referencePages()), ...(await pluginPages())];
  // Pages of plugins that are gone go too; nothing is removed before everything could be made.
  for (const kind of documentedKinds) rmSync(join(folder, kind), { recursive: true, force: true });
  for (const [name, text] of pages) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}
