/** A small project on disk with a config that trains in a second, and two ways to give it commands. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { main } from "../../../core/cli/main.ts";
import { temporaryFolder } from "../run/fixtures.ts";

export interface Result {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

const launcher = fileURLToPath(new URL("../../../core/cli/switchyard.js", import.meta.url));

export const tinyYaml = `name: tiny
source: { type: synthetic, width: 8, features: 16, activeFeatures: 2, rows: 256, heldOutRows: 64 }
device: cpu
model:
  features: 16
  router: { type: switch, experts: 2 }
  expert: { type: top-k, k: 2 }
training: { steps: 6, batchSize: 16, shuffleRows: 128, checkpointEvery: 3, logEvery: 2 }
evaluation: { evaluators: [reconstruction, sparsity, cost] }
sweep:
  grid:
    model.expert.k: [1, 2]
`;

/** Absolute path of a new folder with package.json and tiny.yaml, removed when the process ends. */
export function makeProject(files: Readonly<Record<string, string>> = {}): string {
  const folder = temporaryFolder();
  const all = { "package.json": "{}", "tiny.yaml": tinyYaml, ...files };
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** A command in this process. */
export async function command(
  cwd: string,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Result> {
  let out = "";
  let err = "";
  const code = await main(words, {
    ...{ cwd, env, isTerminal: false, columns: undefined },
    out: (text) => (out += text),
    err: (text) => (err += text),
  });
  return { code, out, err };
}

export interface Launched {
  readonly child: ChildProcess;
  /** Everything that was printed so far. */
  printed(): string;
  readonly result: Promise<Result>;
}

/** A command in a process of its own, as a user starts it. */
export function launch(cwd: string, words: readonly string[], env: Readonly<Record<string, string>> = {}): Launched {
  const child = spawn(process.execPath, [launcher, ...words], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  const result = new Promise<Result>((resolve) => {
    child.on("close", (code) => {
      resolve({ code, out, err });
    });
  });
  return { child, printed: () => out + err, result };
}
