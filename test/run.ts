/**
 * Runs test files, each in a process of its own, as many at a time as there are cores. Arguments select files whose
 * path contains one of them. A file that ends without reporting a suite that passed at least one test fails: a test
 * that never ran is not a passed test.
 */
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

interface FileResult {
  readonly file: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly seconds: number;
  readonly output: string;
}

const testFolder = dirname(fileURLToPath(import.meta.url));
const fileTimeoutMs = 280_000;

const selection = process.argv.slice(2);
const files = readdirSync(testFolder, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".test.ts"))
  .map((file) => file.split(sep).join("/"))
  .filter((file) => selection.length === 0 || selection.some((part) => `test/${file}`.includes(part)))
  .sort();
if (files.length === 0) {
  process.stderr.write(`no test file matches ${selection.join(" ")}\n`);
  process.exit(1);
}

const results: FileResult[] = [];
// Slow files first, so that no core idles at the end.
const slow = ["run/resume", "cli/quickstart", "golden", "analysis/report-browser"];
const queue = [...files].sort((a, b) => rank(a) - rank(b));
await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, work));

const sum = (field: "passed" | "failed" | "skipped"): number => results.reduce((n, result) => n + result[field], 0);
const slowest = [...results].sort((a, b) => b.seconds - a.seconds).slice(0, 5);
process.stdout.write(`\nslowest: ${slowest.map((r) => `${r.file} ${r.seconds.toFixed(1)} s`).join(", ")}\n`);
for (const result of results.filter((r) => r.failed > 0)) process.stdout.write(`FAILED ${result.file}\n`);
process.stdout.write(
  `${files.length} files\n${sum("passed")} passed, ${sum("failed")} failed, ${sum("skipped")} skipped\n`,
);
process.exitCode = sum("failed") === 0 ? 0 : 1;

function rank(file: string): number {
  const found = slow.findIndex((part) => file.includes(part));
  return found === -1 ? slow.length : found;
}

async function work(): Promise<void> {
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    const result = await runFile(file);
    results.push(result);
    const mark = result.failed > 0 ? "FAIL" : "ok  ";
    process.stdout.write(`${mark} ${file}  ${result.passed} passed  ${result.seconds.toFixed(1)} s\n`);
    if (result.failed > 0 || result.skipped > 0) process.stdout.write(`${result.output}\n`);
  }
}

function runFile(file: string): Promise<FileResult> {
  const started = performance.now();
  return new Promise((resolve) => {
    const path = join(testFolder, file);
    const child = spawn(process.execPath, ["--import", "tsx", relative(process.cwd(), path)], {
      env: { ...process.env, NODE_OPTIONS: `${process.env["NODE_OPTIONS"] ?? ""} --conditions=switchyard-source` },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const timer = setTimeout(() => child.kill("SIGKILL"), fileTimeoutMs);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve(judge({ file, output, code, seconds: (performance.now() - started) / 1000 }));
    });
  });
}

function judge(run: { file: string; output: string; code: number | null; seconds: number }): FileResult {
  const line = /^suite-totals (\{.*\})$/m.exec(run.output)?.[1];
  const totals =
    line === undefined
      ? { passed: 0, failed: 0, skipped: 0 }
      : (JSON.parse(line) as { passed: number; failed: number; skipped: number });
  const ranNothing = totals.passed + totals.skipped === 0;
  const crashed = run.code !== 0 && totals.failed === 0;
  const note = crashed ? `\n(exit code ${run.code ?? "none: killed"})` : ranNothing ? "\n(no test ran)" : "";
  return {
    file: run.file,
    passed: totals.passed,
    failed: totals.failed + (crashed || (ranNothing && totals.failed === 0) ? 1 : 0),
    skipped: totals.skipped,
    seconds: run.seconds,
    output: run.output + note,
  };
}
