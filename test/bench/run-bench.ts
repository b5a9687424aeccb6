/** Runs a bench program as its user does, in a process of its own. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../core/package-root.ts";

export interface BenchRun {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** @param program Path below bench/: "step/run.ts". */
export function runBench(program: string, words: readonly string[]): Promise<BenchRun> {
  const child = spawn(process.execPath, ["--import", "tsx", join("bench", program), ...words], { cwd: packageRoot });
  let [output, errors] = ["", ""];
  child.stdout.on("data", (data: Buffer) => (output += data.toString()));
  child.stderr.on("data", (data: Buffer) => (errors += data.toString()));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      resolve({ code, output, errors });
    });
  });
}

/** The last line of a program that was asked for `--json`. */
export function jsonOf({ code, output, errors }: BenchRun): Record<string, unknown> {
  if (code !== 0) throw new Error(`the bench ended with code ${code ?? "none"}\n${output}\n${errors}`);
  return JSON.parse(output.trim().split("\n").at(-1) ?? "") as Record<string, unknown>;
}

const madeBefore = join(packageRoot, ".switchyard", "peers-venv", "bin", "python");

/** A Python with PyTorch, where there is one: SWITCHYARD_TEST_PYTHON, or that of the benches. */
export const pythonWithTorch: string | undefined =
  process.env["SWITCHYARD_TEST_PYTHON"] ?? (existsSync(madeBefore) ? madeBefore : undefined);

export const torchMissing: string | undefined =
  pythonWithTorch === undefined ? "no PyTorch: SWITCHYARD_TEST_PYTHON names no Python that has it" : undefined;
