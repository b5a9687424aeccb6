/**
 * Where everything is put together: the only module that knows the catalogue of built-in plugins. Commands ask it for
 * an opened project or config; a worker asks it for a runner.
 */
import { dirname, join } from "node:path";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { catalogue as builtIn } from "../../plugins/catalogue.ts";
import { composeConfig } from "../config/compose.ts";
import type { Composition } from "../config/compose.ts";
import { buildConfigSchema } from "../config/config-schema.ts";
import type { ConfigSchema } from "../config/config-schema.ts";
import { placeText } from "../config/format-diagnostics.ts";
import { writeError } from "../data/file-errors.ts";
import { packageRoot } from "../package-root.ts";
import { createCatalogue } from "../plugin/catalogue.ts";
import type { PluginCatalogue } from "../plugin/catalogue.ts";
import type { ProjectPaths } from "../plugin/define-plugin.ts";
import type { PluginRequest } from "../plugin/requested.ts";
import type { PluginChoice, RunConfig } from "../config/config.ts";
import type { Plot } from "../analysis/contracts.ts";
import type { PluginKind } from "../plugin/kinds.ts";
import { bindValue } from "../container/binding.ts";
import type { FactoryBinding } from "../container/binding.ts";
import { createScope } from "../container/scope.ts";
import { defineService } from "../plugin/service.ts";
import type { Executor, JobRunner, WorkerCommand } from "../run/contracts.ts";
import { formatJson, replaceText } from "../run/json-file.ts";
import { describeSource, readConfigSources, readRunConfig } from "../run/run-config-file.ts";
import type { LocalRunner } from "../run/serve-worker.ts";
import { deviceRef, pathsRef } from "../services.ts";
import type { Device } from "../../kernels/devices/device.ts";
import type { Io } from "./io.ts";
import { findProject, projectOfConfig } from "./project.ts";
import type { Project } from "./project.ts";

export interface OpenProject {
  readonly project: Project;
  readonly catalogue: PluginCatalogue;
  readonly schema: ConfigSchema;
}

export interface OpenConfig extends OpenProject {
  readonly composition: Composition;
}

/** A project whose plugins are known by name, and none of them loaded. */
export type ListedProject = Omit<OpenProject, "schema">;

/** @param config Config file whose project and plugins are meant; without it, the project around `io.cwd`. */
export async function openProject(io: Io, config?: string): Promise<OpenProject> {
  const listed = await listProject(io, config);
  return { ...listed, schema: await schemaOf(listed.catalogue) };
}

/** As `openProject`, but a plugin that cannot be loaded is in nobody's way. */
export async function listProject(io: Io, config?: string): Promise<ListedProject> {
  if (config !== undefined) return listConfig(io, config, []);
  const project = findProject(io.cwd);
  const { projectFolder } = project;
  return { project, catalogue: await createCatalogue({ builtIn, requested: [], projectFolder }) };
}

/** A project with the plugins that Switchyard brings alone, for when its own cannot be listed. */
export async function listBuiltIn(io: Io): Promise<ListedProject> {
  // The plugins of the package's own folder are the built-in ones.
  const catalogue = await createCatalogue({ builtIn, requested: [], projectFolder: packageRoot });
  return { project: findProject(io.cwd), catalogue };
}

/** @throws ConfigError with all problems of files and words; SwitchyardError for plugins that cannot be loaded */
export async function openConfig(io: Io, config: string, words: readonly string[]): Promise<OpenConfig> {
  const listed = await listConfig(io, config, words);
  return { ...listed, schema: await schemaOf(listed.catalogue) };
}

async function listConfig(
  io: Io,
  config: string,
  words: readonly string[],
): Promise<ListedProject & { readonly composition: Composition }> {
  const { project, file } = projectOfConfig(io, config);
  const { projectFolder } = project;
  const composition = await composeConfig({ file, words, env: io.env, projectFolder });
  const requested = composition.plugins.map(({ specifier, where }) => ({ specifier, where: placeText(where) }));
  return { project, composition, catalogue: await createCatalogue({ builtIn, requested, projectFolder }) };
}

/** Writes the schema for editors. @throws SwitchyardError DISK_FULL, FILE_UNWRITABLE */
export function writeSchema(file: string, schema: ConfigSchema): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
  } catch (error) {
    throw writeError(file, error);
  }
  replaceText(file, formatJson(schema.json));
}

async function schemaOf(catalogue: PluginCatalogue): Promise<ConfigSchema> {
  const entries = await catalogue.list();
  return buildConfigSchema(await Promise.all(entries.map((entry) => entry.load())));
}

/** Executes runs and prepares sources in this process. Nothing of it is loaded before it is used. */
export function createRunner(paths: ProjectPaths): LocalRunner {
  return {
    execute: async (job, options) => {
      const { executeRun } = await import("../run/execute-run.ts");
      return executeRun({ job, catalogue: await catalogueOfRun(job.folder, paths), paths, ...options });
    },
    prepare: async (source, progress, resources) => {
      const { prepareSource } = await import("../run/prepare-source.ts");
      const catalogue = await catalogueOfRun(source.folder, paths);
      await prepareSource({ source, catalogue, paths, progress, resources });
    },
  };
}

/** The same, for a command that may also start workers. */
export function createJobRunner(paths: ProjectPaths): JobRunner {
  return { ...createRunner(paths), worker: workerCommand(paths) };
}

/** The executor that a config names. */
export async function buildExecutor(opened: OpenConfig, config: RunConfig | undefined): Promise<Executor> {
  const where = placeText(opened.composition.place("executor"));
  return buildPlugin<Executor>(opened, "executor", config?.executor ?? { type: "local" }, where);
}

/** The plots that the config of a run names, with the names of their plugins. */
export async function buildPlots(
  opened: Pick<OpenProject, "catalogue" | "project">,
  { report }: RunConfig,
): Promise<readonly (readonly [name: string, plot: Plot])[]> {
  return Promise.all(
    report.plots.map(
      async (choice) => [choice.type, await buildPlugin<Plot>(opened, "plot", choice, "report.plots")] as const,
    ),
  );
}

/** A plugin of a kind that is used outside of any run, and so can depend on the project's paths alone. */
async function buildPlugin<T>(
  { catalogue, project }: Pick<OpenProject, "catalogue" | "project">,
  kind: PluginKind,
  { type, ...options }: PluginChoice,
  where: string,
): Promise<T> {
  const plugin = await catalogue.load(kind, type);
  if (plugin.deps === undefined) return (await plugin.create(options as never, {} as never)) as T; // checked by schema
  const ref = defineService<T>(`command.${kind}`, "sweep");
  const binding: FactoryBinding = {
    ref,
    ...{ where, label: `${kind}/${type}`, deps: plugin.deps },
    create: (deps) => plugin.create(options as never, deps), // options were validated by the plugin's schema
  };
  return createScope([bindValue(pathsRef, project), binding]).get(ref);
}

/** The catalogue and project that a run was made with, as far as its folder tells. */
export async function openRun(folder: string): Promise<Pick<OpenProject, "catalogue" | "project">> {
  const project = findProject(folder);
  return { project, catalogue: await catalogueOfRun(folder, project) };
}

/** The built-in plugins and those that the run's config names. */
async function catalogueOfRun(folder: string, { projectFolder }: ProjectPaths): Promise<PluginCatalogue> {
  const sources = readConfigSources(folder);
  const requested = requestsOf(readRunConfig(folder), (path) => describeSource(sources.get(path)));
  return createCatalogue({ builtIn, requested, projectFolder });
}

/** Hands the tensor library to `body`, on the device that a run's config names, which is closed afterwards. */
export async function withDevice<T>(folder: string, body: (device: Device) => Promise<T>): Promise<T> {
  const { createSweepScope } = await import("../run/scopes.ts");
  const { catalogue, project: paths } = await openRun(folder);
  const input = { config: readRunConfig(folder), sources: readConfigSources(folder), catalogue, paths };
  const scope = await createSweepScope(input, () => undefined);
  try {
    return await body(await scope.get(deviceRef));
  } finally {
    await scope.dispose();
  }
}

function requestsOf({ plugins }: RunConfig, whereOf: (path: string) => string | undefined): readonly PluginRequest[] {
  return plugins.map((specifier, i) => ({ specifier, where: whereOf(`plugins.${i}`) ?? "the run's config" }));
}

/** A worker runs what this process runs: the bundle, or the sources. */
function workerCommand(paths: ProjectPaths): WorkerCommand {
  const here = fileURLToPath(import.meta.url);
  if (!here.endsWith(".ts")) return { file: join(distFolder(here), "worker.js"), execArgv: [], paths };
  const stripsTypes = Boolean(Reflect.get(process.features, "typescript"));
  const execArgv = stripsTypes ? [] : ["--import", import.meta.resolve("tsx")];
  return { file: join(dirname(here), "worker.ts"), execArgv, paths };
}

/** The bundler may have put this module into dist/chunks. */
function distFolder(here: string): string {
  const folder = dirname(here);
  return folder.endsWith("chunks") ? dirname(folder) : folder;
}
