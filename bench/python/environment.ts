/**
 * The PyTorch that benches compare with: a virtual environment below .switchyard/, which git ignores, made by plain
 * `venv` and `pip` when it is first needed and again when requirements.txt changes. On Linux x86_64 the package index's
 * torch brings CUDA libraries that nothing here uses but without which it does not load: 3 GB to download once, 5.3 GB
 * on disk. Delete the folder to be rid of it.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { packageRoot } from "../../core/package-root.ts";
import { print } from "../program.ts";

const environmentFolder = join(packageRoot, ".switchyard", "peers-venv");
const requirementsFile = join(packageRoot, "bench", "python", "requirements.txt");

/** @param named An interpreter with PyTorch, which is taken as it is, or "venv". @returns One with PyTorch. */
export async function findPython(named: string): Promise<string> {
  return named === "venv" ? preparePython() : named;
}

/**
 * @param python The interpreter that makes the environment: 3.11 or later, with `venv`.
 * @returns Absolute path of the environment's interpreter.
 * @throws Error when the environment cannot be made; what pip said is on the error output.
 */
export async function preparePython(python = process.env["PYTHON"] ?? "python3"): Promise<string> {
  const interpreter = join(environmentFolder, "bin", "python");
  const stampFile = join(environmentFolder, "requirements.sha256");
  const stamp = createHash("sha256").update(readFileSync(requirementsFile)).digest("hex");
  if ((await readFile(stampFile, "utf8").catch(() => "")) === stamp) return interpreter;
  print(`Making a Python environment with PyTorch in ${environmentFolder} (once; some minutes)`);
  await rm(environmentFolder, { recursive: true, force: true });
  await mkdir(dirname(environmentFolder), { recursive: true });
  await run(python, ["-m", "venv", environmentFolder]);
  await run(interpreter, ["-m", "pip", "install", "--quiet", "--requirement", requirementsFile]);
  // Written last: an environment without it was not finished.
  await writeFile(stampFile, stamp);
  return interpreter;
}

async function run(command: string, words: readonly string[]): Promise<void> {
  const child = spawn(command, words, { stdio: ["ignore", "ignore", "inherit"] });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code !== 0) throw new Error(`${command} ${words.join(" ")} ended with code ${code ?? "none"}`);
}
