/**
 * What a harvest will do, known without loading a tensor library: which checkpoint, which texts, which positions, and
 * the digest of everything that determines the rows. The digest names the cache entry and is part of each run's id.
 */
import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { digestFile, digestValue } from "../data/content-digest.ts";
import { findFiles } from "../data/find-files.ts";
import type { Precision } from "../data/shard-writer.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import { codeOf } from "../data/file-errors.ts";
import { findWeightFiles } from "./checkpoint.ts";
import { readGpt2Config } from "./gpt2-config.ts";
import type { Gpt2Config } from "./gpt2-config.ts";
import type { HookName } from "./hook-points.ts";
import { findModelFolder } from "./model-folder.ts";
import { textEndings } from "./token-sequences.ts";
import { tokenizerFiles } from "./tokenizer.ts";

export interface HarvestRequest {
  readonly model: string;
  readonly revision: string;
  readonly texts: readonly string[];
  readonly field: string;
  readonly layer: number;
  readonly hook: HookName;
  readonly contextLength?: number | undefined;
  readonly maxTokens?: number | undefined;
  readonly heldOutFraction: number;
  readonly excludePositions: readonly number[];
  readonly precision: Precision;
}

export interface HarvestPlan {
  readonly modelFolder: string;
  readonly config: Gpt2Config;
  /** Absolute paths. */
  readonly textFiles: readonly string[];
  /** T */
  readonly contextLength: number;
  readonly maxContexts: number;
  /** Ascending, each once. */
  readonly excludePositions: readonly number[];
  readonly digest: string;
  /** "tiny-gpt2, resid-post of layer 2, 4 texts, 1.8 MB" */
  readonly description: string;
}

/** Raise when the same request would give other rows. */
const harvestVersion = 2;
const defaultContextLength = 128;

/**
 * @throws SwitchyardError SOURCE_OPTIONS, MODEL_UNREACHABLE, MODEL_UNSUPPORTED, FILE_MISSING, NO_FILES
 */
export async function planHarvest(
  request: HarvestRequest,
  paths: { readonly projectFolder: string; readonly cacheFolder: string },
): Promise<HarvestPlan> {
  const { model, revision } = request;
  const modelFolder = await findModelFolder({ model, revision, projectFolder: paths.projectFolder, env: process.env });
  const config = await readGpt2Config(modelFolder);
  const contextLength = request.contextLength ?? Math.min(defaultContextLength, config.numPositions);
  checkRequest(request, config, contextLength);
  const textFiles = await findFiles(paths.projectFolder, request.texts, textEndings);
  const excludePositions = [...new Set(request.excludePositions)].sort((a, b) => a - b);
  const maxContexts =
    request.maxTokens === undefined ? Number.POSITIVE_INFINITY : Math.floor(request.maxTokens / contextLength);
  const digest = digestValue({
    version: harvestVersion,
    model: await digestModel(modelFolder, paths.cacheFolder),
    texts: await Promise.all(textFiles.map((file) => digestFile(file, paths.cacheFolder))),
    endings: textFiles.map((file) => file.slice(file.lastIndexOf("."))),
    field: request.field,
    layer: request.layer,
    hook: request.hook,
    contextLength,
    maxContexts: request.maxTokens === undefined ? "all" : maxContexts,
    heldOutFraction: request.heldOutFraction,
    excludePositions,
    precision: request.precision,
  });
  const description = `${basename(model)}, ${request.hook} of layer ${request.layer}, ${await describeTexts(textFiles)}`;
  return { modelFolder, config, textFiles, contextLength, maxContexts, excludePositions, digest, description };
}

function checkRequest(request: HarvestRequest, config: Gpt2Config, contextLength: number): void {
  const fail = (option: string, expected: string, received: string): never => {
    throw new SwitchyardError("SOURCE_OPTIONS", `The source's ${option} does not fit the model.`, {
      where: `source.${option}`,
      expected,
      received,
      next: `Change ${option}.`,
    });
  };
  if (request.layer >= config.numLayers) {
    fail("layer", `a layer from 0 to ${config.numLayers - 1}`, String(request.layer));
  }
  if (contextLength > config.numPositions) {
    fail("contextLength", `at most ${config.numPositions} positions`, String(contextLength));
  }
  const outside = request.excludePositions.find((position) => position >= contextLength);
  if (outside !== undefined) fail("excludePositions", `positions below ${contextLength}`, String(outside));
  if (new Set(request.excludePositions).size >= contextLength) {
    fail("excludePositions", "at least one position left", `all ${contextLength} positions excluded`);
  }
  if (request.maxTokens !== undefined && request.maxTokens < 2 * contextLength) {
    fail("maxTokens", `at least two contexts of ${contextLength} tokens`, String(request.maxTokens));
  }
}

/** Contents of config.json, the weights and the tokenizer: wherever they lie, the same model has the same digest. */
async function digestModel(folder: string, cacheFolder: string): Promise<Readonly<Record<string, string>>> {
  const digests: Record<string, string> = {};
  for (const name of ["config.json", ...(await findWeightFiles(folder)), ...tokenizerFiles]) {
    const file = join(folder, name);
    const isThere = await stat(file).then(
      () => true,
      (error: unknown) => codeOf(error) !== "ENOENT",
    );
    const isOptional = tokenizerFiles.some((tokenizerFile) => tokenizerFile === name);
    if (isThere || !isOptional) digests[name] = await digestFile(file, cacheFolder);
  }
  return digests;
}

async function describeTexts(files: readonly string[]): Promise<string> {
  const sizes = await Promise.all(files.map((file) => stat(file).then(({ size }) => size)));
  const megabytes = sizes.reduce((sum, size) => sum + size, 0) / 1e6;
  return `${files.length} ${files.length === 1 ? "text" : "texts"}, ${megabytes.toFixed(1)} MB`;
}
