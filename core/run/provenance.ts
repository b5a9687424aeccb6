/**
 * What was needed to make a run, beyond its config: the code's revision with uncommitted changes, package versions,
 * host and device. Collected once a process and written with every attempt.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, cpus, hostname, platform, release, totalmem } from "node:os";
import { join } from "node:path";
import { packageRoot, packageVersion } from "../package-root.ts";
import type { AssignedGpu } from "../services.ts";
import { isRecord, readJson, writeJson, writeText } from "./json-file.ts";
import { attemptFiles, runFiles } from "./layout.ts";
import type { Attempt } from "./attempts.ts";
import type { ImportedFrom } from "./run-record.ts";

export interface GitState {
  readonly revision: string;
  readonly branch: string;
  /** Whether tracked files differ from the revision; the difference is in the attempt's diff.patch. */
  readonly dirty: boolean;
  readonly untracked: readonly string[];
}

export interface Provenance {
  readonly argv: readonly string[];
  readonly git?: GitState;
  /** SHA-256 of the project's package-lock.json, when it has one. */
  readonly lockfile?: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly host: {
    readonly name: string;
    readonly system: string;
    readonly processor: string;
    readonly cores: number;
    readonly memoryBytes: number;
  };
}

const trackedPackages = ["@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm", "pure-rand", "inversify"];
const longestPatchBytes = 64 << 20;

/** @param projectFolder Folder of the user's project; it need not be a git repository. */
export function collectProvenance(projectFolder: string): { provenance: Provenance; patch: string } {
  const git = readGit(projectFolder);
  const lockfile = join(projectFolder, "package-lock.json");
  const provenance: Provenance = {
    argv: process.argv,
    ...(git === undefined ? {} : { git: git.state }),
    ...(existsSync(lockfile) ? { lockfile: createHash("sha256").update(readFileSync(lockfile)).digest("hex") } : {}),
    versions: readVersions(),
    host: {
      name: hostname(),
      system: `${platform()} ${arch()} ${release()}`,
      processor: cpus()[0]?.model ?? "unknown",
      cores: cpus().length,
      memoryBytes: totalmem(),
    },
  };
  return { provenance, patch: git?.patch ?? "" };
}

/**
 * Adds the attempt's entry to provenance.json: earlier attempts' entries stay. Uncommitted changes go to the
 * attempt's diff.patch. @throws SwitchyardError DISK_FULL, FILE_UNWRITABLE, RUN_FOLDER_BROKEN
 */
export async function writeProvenance(
  runFolder: string,
  attempt: Attempt,
  collected: {
    readonly provenance: Provenance;
    readonly patch: string;
    readonly device: string;
    /** The GPU that the device opened, as its driver names it. */
    readonly adapter?: string;
    /** The GPU of the executor's list that the run was given. */
    readonly gpu?: AssignedGpu;
    readonly imported?: ImportedFrom;
  },
): Promise<void> {
  const file = join(runFolder, runFiles.provenance);
  const before = await readJson(file);
  const attempts = isRecord(before) && isRecord(before["attempts"]) ? before["attempts"] : {};
  const { patch, provenance, ...known } = collected;
  const entry = { ...known, ...provenance };
  if (patch !== "") await writeText(join(attempt.folder, attemptFiles.diff), patch);
  await writeJson(file, { attempts: { ...attempts, [attempt.number]: entry } });
}

function readGit(folder: string): { state: GitState; patch: string } | undefined {
  try {
    const revision = git(folder, ["rev-parse", "HEAD"]).trim();
    const branch = git(folder, ["rev-parse", "--abbrev-ref", "HEAD"]).trim();
    const untracked = git(folder, ["ls-files", "--others", "--exclude-standard"]).split("\n").filter(Boolean);
    const patch = git(folder, ["diff", "HEAD"]);
    return { state: { revision, branch, dirty: patch !== "", untracked }, patch };
  } catch {
    // No git, no repository, or one without a commit: provenance then simply has no revision.
    return undefined;
  }
}

function git(folder: string, words: readonly string[]): string {
  return execFileSync("git", words, {
    cwd: folder,
    encoding: "utf8",
    maxBuffer: longestPatchBytes,
    stdio: ["ignore", "pipe", "ignore"],
  });
}

function readVersions(): Readonly<Record<string, string>> {
  const versions: Record<string, string> = { switchyard: packageVersion(), node: process.versions.node };
  for (const name of trackedPackages) {
    const version = installedVersion(name);
    if (version !== undefined) versions[name] = version;
  }
  return versions;
}

/** Read from the package's manifest, so that no package is loaded for it. */
function installedVersion(name: string): string | undefined {
  const lookup = createRequire(join(packageRoot, "package.json")).resolve.paths(name) ?? [];
  for (const modules of lookup) {
    const file = join(modules, name, "package.json");
    if (!existsSync(file)) continue;
    const manifest: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (isRecord(manifest) && typeof manifest["version"] === "string") return manifest["version"];
  }
  return undefined;
}
