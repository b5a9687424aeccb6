/** Runs the quickstart as its user does, by its command, in a new project whose caches and runs are empty. */
import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../../core/package-root.ts";
import { CheckFailed } from "../program.ts";
import { readSweep } from "./read-sweep.ts";
import type { SweepTimes } from "./timeline.ts";

export interface QuickstartRun {
  readonly times: SweepTimes;
  readonly device: string;
}

/** @throws CheckFailed when the command fails, or one of its runs is not done. */
export async function runQuickstart(overrides: readonly string[]): Promise<QuickstartRun> {
  const project = await mkdtemp(join(tmpdir(), "switchyard-sweep-"));
  try {
    // The mark of a project: its cache lies in this folder.
    await mkdir(join(project, ".switchyard"));
    await mkdir(join(project, "configs"));
    await cp(join(packageRoot, "configs", "quickstart.yaml"), join(project, "configs", "quickstart.yaml"));
    await symlink(join(packageRoot, "data"), join(project, "data"));
    const startedAt = Date.now();
    await runCommand(project, ["run", "configs/quickstart.yaml", ...overrides]);
    const endedAt = Date.now();
    const cacheFolder = join(project, ".switchyard", "cache");
    const { times, device } = await readSweep(join(project, "runs", "quickstart"), cacheFolder);
    return { times: { startedAt, endedAt, ...times }, device };
  } finally {
    await rm(project, { recursive: true, force: true });
  }
}

/** What the command prints is kept, and told when it fails. */
async function runCommand(project: string, words: readonly string[]): Promise<void> {
  const launcher = join(packageRoot, "core", "cli", "switchyard.js");
  const child = spawn(process.execPath, [launcher, ...words], { cwd: project, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code !== 0) throw new CheckFailed(`switchyard ${words.join(" ")} ended with code ${code ?? "none"}:\n${output}`);
}
