/**
 * Finds the folder of a checkpoint: a local folder, or a model of the Hugging Face hub, taken from the hub's own
 * local cache (models--org--name/snapshots/...) and downloaded into it when missing. HF_HOME, HF_HUB_CACHE,
 * HF_HUB_OFFLINE, HF_ENDPOINT and HF_TOKEN mean what they mean to the hub's Python library.
 */
import { access, readFile, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { SwitchyardError, messageOf } from "../errors/switchyard-error.ts";
import { findWeightFiles } from "./checkpoint.ts";
import { tokenizerFiles } from "./tokenizer.ts";

export interface ModelFolderOptions {
  /** A path, relative to `projectFolder` or absolute, or a hub name: "openai-community/gpt2". */
  readonly model: string;
  /** Branch, tag or commit on the hub. */
  readonly revision: string;
  readonly projectFolder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Fetches one file of the repository into the cache; tests replace it. */
  readonly download?: DownloadFile;
}

export type DownloadFile = (request: {
  readonly repo: string;
  readonly revision: string;
  readonly path: string;
  readonly cacheFolder: string;
  readonly hubUrl: string | undefined;
  readonly accessToken: string | undefined;
}) => Promise<string>;

/** @returns Absolute folder with config.json and weights. @throws SwitchyardError MODEL_UNREACHABLE, FILE_MISSING */
export async function findModelFolder(options: ModelFolderOptions): Promise<string> {
  const { model, env } = options;
  const local = resolve(options.projectFolder, model);
  if (await isFolder(local)) return local;
  if (!/^[\w.-]+(\/[\w.-]+)?$/.test(model) || model.startsWith(".")) {
    throw new SwitchyardError("FILE_MISSING", "The model's folder does not exist.", {
      where: local,
      received: model,
      next: "Check the path (relative to the project's folder), or name a model of the hub: openai-community/gpt2.",
    });
  }
  const cacheFolder = hubCacheFolder(env);
  const cached = await findSnapshot(cacheFolder, model, options.revision);
  if (cached !== undefined) return cached;
  if (isOffline(env)) throw unreachable(options, cacheFolder, "HF_HUB_OFFLINE is set");
  try {
    await download(options, cacheFolder);
  } catch (error) {
    throw unreachable(options, cacheFolder, messageOf(error), error);
  }
  const snapshot = await findSnapshot(cacheFolder, model, options.revision);
  if (snapshot !== undefined) return snapshot;
  throw unreachable(options, cacheFolder, "the download left no complete snapshot");
}

/** Where the hub's libraries keep downloads. */
export function hubCacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  const home = env["HF_HOME"] ?? join(env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "huggingface");
  return env["HF_HUB_CACHE"] ?? env["HUGGINGFACE_HUB_CACHE"] ?? join(home, "hub");
}

async function findSnapshot(cacheFolder: string, model: string, revision: string): Promise<string | undefined> {
  const repository = join(cacheFolder, `models--${model.replace("/", "--")}`);
  const reference = await readFile(join(repository, "refs", revision), "utf8").catch(() => revision);
  const snapshot = join(repository, "snapshots", reference.trim());
  return (await isComplete(snapshot)) ? snapshot : undefined;
}

/** A download that was interrupted leaves a snapshot without all of its files. */
async function isComplete(snapshot: string): Promise<boolean> {
  try {
    await access(join(snapshot, "config.json"));
    const weights = await findWeightFiles(snapshot);
    await Promise.all(weights.map((name) => access(join(snapshot, name))));
    return true;
  } catch {
    return false;
  }
}

async function download(options: ModelFolderOptions, cacheFolder: string): Promise<void> {
  const fetchFile = options.download ?? downloadByHub;
  const fetchPath = (path: string): Promise<string> =>
    fetchFile({
      repo: options.model,
      revision: options.revision,
      path,
      cacheFolder,
      hubUrl: options.env["HF_ENDPOINT"],
      accessToken: options.env["HF_TOKEN"],
    });
  await fetchPath("config.json");
  for (const name of tokenizerFiles) {
    // A repository has some of these; which ones are needed shows when the tokenizer is loaded.
    await fetchPath(name).catch(() => undefined);
  }
  try {
    await fetchPath("model.safetensors");
  } catch (whole) {
    const index = await fetchPath("model.safetensors.index.json").catch(() => {
      throw whole;
    });
    for (const name of await findWeightFiles(resolve(index, ".."))) await fetchPath(name);
  }
}

async function downloadByHub(request: Parameters<DownloadFile>[0]): Promise<string> {
  const { downloadFileToCacheDir } = await import("@huggingface/hub");
  const { repo, revision, path, cacheFolder, hubUrl, accessToken } = request;
  return downloadFileToCacheDir({
    repo,
    revision,
    path,
    cacheDir: cacheFolder,
    ...(hubUrl === undefined ? {} : { hubUrl }),
    ...(accessToken === undefined ? {} : { accessToken }),
  });
}

function isOffline(env: Readonly<Record<string, string | undefined>>): boolean {
  return ["1", "true", "yes", "on"].includes((env["HF_HUB_OFFLINE"] ?? "").toLowerCase());
}

function unreachable(
  { model, revision, projectFolder }: ModelFolderOptions,
  cacheFolder: string,
  received: string,
  cause?: unknown,
): SwitchyardError {
  return new SwitchyardError("MODEL_UNREACHABLE", `The model "${model}" cannot be found or downloaded.`, {
    where: `model ${model}, revision ${revision}`,
    expected: `the folder ${resolve(projectFolder, model)}, a snapshot in ${cacheFolder}, or the hub`,
    received,
    next: `Where there is a network, run: huggingface-cli download ${model}. Then copy the cache and set HF_HOME, or give the folder's path as model.`,
    cause,
  });
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
