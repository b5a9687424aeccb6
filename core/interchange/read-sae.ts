/**
 * Reads a sparse autoencoder of any format that is known here. Which it is shows in the names of files; for files of
 * torch.save, in the names of the tensors.
 */
import { existsSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { readError } from "../data/file-errors.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import { findTrainerConfig, readDictionaryLearning, trainerConfig } from "./dictionary-learning.ts";
import { importFormats } from "./foreign-sae.ts";
import type { ForeignSae, ImportFormat, ReadSae } from "./foreign-sae.ts";
import { readForeignTensors } from "./foreign-tensors.ts";
import { readOpenai } from "./openai.ts";
import { readSaeLens, saeLensFiles } from "./sae-lens.ts";
import { readSparsify, sparsifyFiles } from "./sparsify.ts";
import { readSwitchSae, switchSaeFiles } from "./switch-sae.ts";
import { readSwitchyard, switchyardFiles } from "./switchyard.ts";
import { readTorchDict, torchNames } from "./torch-dict.ts";

/** Name of dictionary_learning's and switch_sae's file in their folders. */
const torchName = "ae.pt";

/**
 * @param path Absolute: a folder, or a file of weights.
 * @param format Which it is; found out when left out.
 * @throws SwitchyardError FOREIGN_FORMAT_UNKNOWN, FOREIGN_CONFIG, FOREIGN_TENSORS, FOREIGN_UNSUPPORTED, FILE_*,
 *   NOT_TORCH_FILE, TORCH_FILE_*, NOT_SAFETENSORS, SAFETENSORS_*
 */
export async function readSae(path: string, format?: ImportFormat): Promise<ReadSae> {
  const chosen = format ?? (await detectFormat(path));
  const { sae, files } = await readAs(chosen, path);
  return { ...sae, format: chosen, files };
}

/** @param path Absolute. @throws as `readSae` */
export async function detectFormat(path: string): Promise<ImportFormat> {
  const names = isFolder(path) ? namesThere(path) : [basename(path)];
  const folder = isFolder(path) ? path : dirname(path);
  for (const { format, weights, config } of folderFormats) {
    if (names.includes(weights) && existsSync(join(folder, config))) return format;
  }
  const file = torchFileOf(path);
  if (file === undefined) throw unknownFormat(path, names.join(", "));
  const tensors = await torchNames(file);
  if (tensors.includes("pre_bias")) return "openai";
  if (tensors.includes("router.weight")) return "switch-sae";
  if (tensors.includes("encoder.weight") || tensors.includes("W_enc")) return "dictionary-learning";
  throw unknownFormat(file, tensors.slice(0, 20).join(", "));
}

/** Formats that are a folder with two files of fixed names. */
const folderFormats = [
  { format: "switchyard", ...switchyardFiles },
  { format: "saelens", ...saeLensFiles },
  { format: "sparsify", ...sparsifyFiles },
  { format: "switch-sae", ...switchSaeFiles },
] as const;

interface Read {
  readonly sae: ForeignSae;
  readonly files: readonly string[];
}

async function readAs(format: ImportFormat, path: string): Promise<Read> {
  const folder = isFolder(path) ? path : dirname(path);
  const inFolder = ({ weights, config }: { readonly weights: string; readonly config: string }): readonly string[] => [
    join(folder, weights),
    join(folder, config),
  ];
  switch (format) {
    case "switchyard":
      return { sae: await readSwitchyard(folder), files: inFolder(switchyardFiles) };
    case "saelens": {
      const scaler = join(folder, saeLensFiles.scaler);
      const files = [...inFolder(saeLensFiles), ...(existsSync(scaler) ? [scaler] : [])];
      return { sae: await readSaeLens(folder), files };
    }
    case "sparsify":
      return { sae: await readSparsify(folder), files: inFolder(sparsifyFiles) };
    case "openai": {
      const file = requireTorchFile(path);
      return { sae: readOpenai(await readTorchDict(file)), files: [file] };
    }
    case "switch-sae":
      return readSwitch(path, folder);
    case "dictionary-learning": {
      const file = requireTorchFile(path);
      return { sae: await readDictionaryLearning(file, await readTorchDict(file)), files: withConfig(file) };
    }
    default:
      return format satisfies never;
  }
}

async function readSwitch(path: string, folder: string): Promise<Read> {
  const isSafe = isFolder(path) ? existsSync(join(folder, switchSaeFiles.weights)) : path.endsWith(".safetensors");
  if (isSafe) {
    const file = isFolder(path) ? join(folder, switchSaeFiles.weights) : path;
    return { sae: await readSwitchSae(await readForeignTensors(file)), files: withConfig(file) };
  }
  const file = requireTorchFile(path);
  const dict = await readTorchDict(file);
  return { sae: await readSwitchSae(dict.tensors, await trainerConfig(file, dict)), files: withConfig(file) };
}

function withConfig(file: string): readonly string[] {
  const config = findTrainerConfig(file);
  return config === undefined ? [file] : [file, config];
}

function requireTorchFile(path: string): string {
  const file = torchFileOf(path);
  if (file !== undefined) return file;
  throw unknownFormat(path, `no ${torchName} in the folder`);
}

function torchFileOf(path: string): string | undefined {
  if (!isFolder(path)) return path.endsWith(".safetensors") ? undefined : path;
  const file = join(path, torchName);
  return existsSync(file) ? file : undefined;
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw readError(path, error);
  }
}

function namesThere(folder: string): readonly string[] {
  return folderFormats.map(({ weights }) => weights).filter((name) => existsSync(join(folder, name)));
}

function unknownFormat(where: string, received: string): SwitchyardError {
  return new SwitchyardError("FOREIGN_FORMAT_UNKNOWN", "It cannot be told which library wrote this.", {
    where,
    expected:
      `a folder with ${folderFormats.map(({ weights, config }) => `${weights} and ${config}`).join(", or ")}, or ` +
      `${torchName}; or a file of torch.save`,
    received: received === "" ? "none of these" : received,
    next: `Name the format: --format ${importFormats.join(", ")}.`,
  });
}
