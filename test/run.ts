/**
 * Runs test files, as many processes at a time as there are cores. Files of rooms that leave the process as they found
 * it share one, the others have a process each. Arguments select files whose path contains one of them. A
 * process that reports fewer tests than its files declared, or none, fails: a test that never ran is not a passed one.
 */
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

interface BatchResult {
  /** One file, or "7 files of core/config". */
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly seconds: number;
  readonly output: string;
}

const testFolder = dirname(fileURLToPath(import.meta.url));
const fileTimeoutMs = 280_000;
const filesOfBatch = 10;
/** Rooms whose files need no process of their own: what one does to tfjs or to the process, the next does not notice. */
const rooms = [
  ...["analysis", "config", "container", "data", "errors", "evaluation", "inspection", "language-model", "model"].map(
    (room) => `core/${room}/`,
  ),
  ...["core/plugin/", "core/sweep/", "core/training/", "conformance/", "bench/step/"],
  ...["evaluator", "expert", "loss", "plot", "router", "schedule"].map((kind) => `plugins/${kind}/`),
];

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

const results: BatchResult[] = [];
// Slow files first, so that no core idles at the end.
const slow = [
  ...["golden/webgpu", "cli/gpus", "step/run", "training/webgpu", "cli/disturbed", "cli/quickstart-webgpu", "cli/run"],
  ...["conformance/", "golden", "run/resume", "run/worker-jobs", "core/model", "core/training", "core/language-model"],
  "report-browser",
];
const queue = batches(files).sort((a, b) => rank(a[0] ?? "") - rank(b[0] ?? ""));
await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, work));

const sum = (field: "passed" | "failed" | "skipped"): number => results.reduce((n, result) => n + result[field], 0);
const slowest = [...results].sort((a, b) => b.seconds - a.seconds).slice(0, 5);
process.stdout.write(`\nslowest: ${slowest.map((r) => `${r.name} ${r.seconds.toFixed(1)} s`).join(", ")}\n`);
for (const result of results.filter((r) => r.failed > 0)) process.stdout.write(`FAILED ${result.name}\n`);
process.stdout.write(
  `${files.length} files\n${sum("passed")} passed, ${sum("failed")} failed, ${sum("skipped")} skipped\n`,
);
process.exitCode = sum("failed") === 0 ? 0 : 1;

function rank(file: string): number {
  const found = slow.findIndex((part) => file.includes(part));
  return found === -1 ? slow.length : found;
}

/** Files that may share a process, by room; every other file alone. */
function batches(paths: readonly string[]): string[][] {
  const alone = ["fuzz", "report-browser", "step/run", "training/webgpu"];
  const shared = new Map<string, string[][]>();
  const single: string[][] = [];
  for (const path of paths) {
    const room = alone.some((part) => path.includes(part))
      ? undefined
      : rooms.find((prefix) => path.startsWith(prefix));
    if (room === undefined) single.push([path]);
    else {
      const ofRoom = shared.get(room) ?? [[]];
      if ((ofRoom.at(-1)?.length ?? 0) >= filesOfBatch) ofRoom.push([]);
      ofRoom.at(-1)?.push(path);
      shared.set(room, ofRoom);
    }
  }
  return [...single, ...[...shared.values()].flat()];
}

async function work(): Promise<void> {
  for (let batch = queue.shift(); batch !== undefined; batch = queue.shift()) {
    const result = await runBatch(batch);
    results.push(result);
    const mark = result.failed > 0 ? "FAIL" : "ok  ";
    process.stdout.write(`${mark} ${result.name}  ${result.passed} passed  ${result.seconds.toFixed(1)} s\n`);
    if (result.failed > 0 || result.skipped > 0) process.stdout.write(`${result.output}\n`);
  }
}

function runBatch(batch: readonly string[]): Promise<BatchResult> {
  const started = performance.now();
  const [first = ""] = batch;
  const name = batch.length === 1 ? first : `${dirname(first)} (${batch.length} files)`;
  return new Promise((resolve) => {
    const paths = batch.map((file) => relative(process.cwd(), join(testFolder, file)));
    const entry = batch.length === 1 ? [] : [relative(process.cwd(), join(testFolder, "batch.ts"))];
    const child = spawn(process.execPath, ["--import", "tsx", ...entry, ...paths], {
      env: { ...process.env, NODE_OPTIONS: `${process.env["NODE_OPTIONS"] ?? ""} --conditions=switchyard-source` },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const timer = setTimeout(() => child.kill("SIGKILL"), fileTimeoutMs);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve(judge({ name, output, code, seconds: (performance.now() - started) / 1000 }));
    });
  });
}

interface Totals {
  readonly declared: number;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

function judge(run: { name: string; output: string; code: number | null; seconds: number }): BatchResult {
  const line = /^suite-totals (\{.*\})$/m.exec(run.output)?.[1];
  const none: Totals = { declared: 0, passed: 0, failed: 0, skipped: 0 };
  const totals = line === undefined ? none : (JSON.parse(line) as Totals);
  const faults: string[] = [];
  if (run.code !== 0 && totals.failed === 0) faults.push(`exit code ${run.code ?? "none: killed"}`);
  if (totals.passed + totals.failed + totals.skipped === 0) faults.push("no test ran");
  const missing = totals.declared - totals.passed - totals.failed;
  if (missing > 0) faults.push(`${missing} declared tests did not run: did a before hook throw?`);
  return {
    name: run.name,
    passed: totals.passed,
    failed: totals.failed + (totals.failed === 0 && faults.length > 0 ? 1 : 0),
    skipped: totals.skipped,
    seconds: run.seconds,
    output: run.output + faults.map((fault) => `\n(${fault})`).join(""),
  };
}
