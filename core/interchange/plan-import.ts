/**
 * The run that an imported autoencoder makes of a config: its source, evaluation, device and report are the config's,
 * its model is the imported one. The sweep of the config is left aside: one file is one run.
 */
import { createHash } from "node:crypto";
import type { Composition } from "../config/compose.ts";
import type { ConfigSchema } from "../config/config-schema.ts";
import type { ValueSource } from "../config/config.ts";
import { ConfigError } from "../config/diagnostic.ts";
import { digestFile } from "../data/content-digest.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type { ProjectPaths } from "../plugin/define-plugin.ts";
import type { NewRun } from "../run/create-run-folder.ts";
import type { NamedRun } from "../run/find-run-folder.ts";
import type { ImportedFrom } from "../run/run-record.ts";
import { createFactsAsker } from "../sweep/ask-facts.ts";
import type { PluginLoader } from "../sweep/ask-facts.ts";
import { canonicalJson } from "../sweep/identity.ts";
import { Planner } from "../sweep/plan-point.ts";
import type { DraftRun } from "../sweep/plan-point.ts";
import { slugOf } from "../sweep/slug.ts";
import { readSweepBlock } from "../sweep/sweep-block.ts";
import type { ReadSae } from "./foreign-sae.ts";

export interface ImportOptions {
  readonly sae: ReadSae;
  /** What the run is called. */
  readonly name: string;
  readonly composition: Composition;
  readonly schema: ConfigSchema;
  readonly catalogue: PluginLoader;
  readonly paths: ProjectPaths;
}

export interface PlannedImport {
  /** The config's name: the folder of its runs. */
  readonly sweep: string;
  readonly run: NewRun & NamedRun & { readonly facts: DraftRun["facts"]; readonly imported: ImportedFrom };
}

/** @throws ConfigError for what is wrong with the config; SwitchyardError IMPORT_WIDTH, FILE_UNREADABLE */
export async function planImport(options: ImportOptions): Promise<PlannedImport> {
  const { sae, schema, catalogue, paths } = options;
  const composition: Composition = { ...options.composition, sweep: undefined };
  const planner = new Planner({
    composition,
    schema,
    block: readSweepBlock(composition),
    asker: createFactsAsker(catalogue, paths),
  });
  const name = slugOf([], options.name);
  const { run, problems } = await planner.plan({ axes: [{ path: "model", value: sae.model }], slug: name });
  if (run === undefined) throw new ConfigError(problems);
  if (run.shape.width !== sae.width) throw otherWidth(run, sae);
  const imported = await originOf(sae);
  const id = idOf(run, imported);
  const { resolved, ...draft } = run;
  return {
    sweep: run.config.name,
    run: {
      ...draft,
      ...{ id, name, imported, axes: {} },
      folderName: `${name}-${id.slice(0, 8)}`,
      sources: withOrigin(resolved.sources, sae.files[0] ?? sae.format),
    },
  };
}

async function originOf({ format, architecture, files, notes }: ReadSae): Promise<ImportedFrom> {
  const digests = await Promise.all(files.map(async (path) => ({ path, sha256: await digestFile(path) })));
  return { format, architecture, files: digests, notes };
}

/** Of what determines the results: the files, how they are read, and the rows that they are evaluated on. */
function idOf({ config, facts, plugins }: DraftRun, { format, files }: ImportedFrom): string {
  const used = plugins.filter((plugin) => plugin.startsWith("router/") || plugin.startsWith("expert/"));
  const digests = files.map(({ sha256 }) => sha256);
  const text = canonicalJson({ format, digests, model: config.model, used, source: facts.source.fingerprint });
  return createHash("sha256").update(`import\n${text}`).digest("hex").slice(0, 12);
}

/** Values of the model come from the imported file, which no sweep and no default wrote. */
function withOrigin(sources: ReadonlyMap<string, ValueSource>, file: string): ReadonlyMap<string, ValueSource> {
  const isImported = ([path, { origin }]: readonly [string, ValueSource]): boolean =>
    path.startsWith("model.") && origin !== "default";
  return new Map([...sources].map((entry) => [entry[0], isImported(entry) ? { origin: file } : entry[1]]));
}

function otherWidth({ shape }: DraftRun, { width, files }: ReadSae): SwitchyardError {
  return new SwitchyardError("IMPORT_WIDTH", "The autoencoder was trained on activations of another width.", {
    where: files[0] ?? "the imported autoencoder",
    expected: `width ${shape.width}, as the config's source has`,
    received: `width ${width}`,
    next: "Import it into a config whose source gives the activations that it was trained on.",
  });
}
