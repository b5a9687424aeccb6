import { existsSync, readdirSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { Type } from "typebox";
import * as assert from "uvu/assert";
import type { RunConfig } from "../../../core/config/config.ts";
import { definePlugin } from "../../../core/plugin/define-plugin.ts";
import type { AnyPlugin } from "../../../core/plugin/define-plugin.ts";
import type { ProcessorShare, RunEvent, RunOutcome } from "../../../core/run/contracts.ts";
import { beginAttempt } from "../../../core/run/attempts.ts";
import { createRunFolder } from "../../../core/run/create-run-folder.ts";
import { executeRun } from "../../../core/run/execute-run.ts";
import { listCheckpoints } from "../../../core/run/layout.ts";
import { createProcessorShare } from "../../../core/run/processor-share.ts";
import { readRoutingMoments } from "../../../core/run/routing-record.ts";
import { readRunSummary } from "../../../core/run/read-run.ts";
import { assignedGpuRef } from "../../../core/services.ts";
import type { AssignedGpu } from "../../../core/services.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import { suite } from "../../suite.ts";
import { noise, temporaryFolder, tinyCatalogue, tinyConfig, tinyRun } from "./fixtures.ts";

interface Executed {
  readonly outcome: RunOutcome;
  readonly events: readonly RunEvent[];
}

interface ExecuteOptions {
  readonly plugins?: readonly AnyPlugin[];
  readonly stopAfterStep?: number;
  readonly share?: ProcessorShare;
  readonly gpu?: AssignedGpu;
  readonly onEvent?: (event: RunEvent) => void;
}

function makeFolder(config: RunConfig = tinyConfig()): string {
  const folder = join(temporaryFolder(), "experts=2-01234567");
  createRunFolder(folder, "tiny", tinyRun(config));
  return folder;
}

async function execute(folder: string, options: ExecuteOptions = {}): Promise<Executed> {
  const { plugins = [], stopAfterStep, share, gpu, onEvent } = options;
  const events: RunEvent[] = [];
  const stop = new AbortController();
  const outcome = await executeRun({
    job: { id: "0123456789ab", name: "experts=2", folder },
    catalogue: await tinyCatalogue(temporaryFolder(), plugins),
    paths: { projectFolder: folder, cacheFolder: join(folder, "cache") },
    signal: stop.signal,
    ...(share === undefined ? {} : { share }),
    gpu,
    onEvent: (event) => {
      events.push(event);
      onEvent?.(event);
      if (event.type === "step" && event.record.step === stopAfterStep) stop.abort();
    },
  });
  return { outcome, events };
}

/** The cpu device with a setting for its threads. @param reason Why it was taken. */
function threadedDevice(setThreads: (threads: number) => void, reason?: string): AnyPlugin {
  return definePlugin({
    kind: "device",
    name: "threaded",
    version: "1",
    summary: "Notes its threads.",
    options: Type.Object({}),
    create: async () => ({ ...(await cpuDevice.open()), ...(reason === undefined ? {} : { reason }), setThreads }),
  });
}

/** A device that says which GPU it computes on, and was told which it should. */
function gpuDevice(adapter: string, told: (AssignedGpu | undefined)[] = []): AnyPlugin {
  return definePlugin({
    kind: "device",
    name: "card",
    version: "1",
    summary: "Claims to be a GPU.",
    options: Type.Object({}),
    deps: { assigned: assignedGpuRef },
    create: async ({}, { assigned }) => {
      told.push(assigned);
      return { ...(await cpuDevice.open()), adapter };
    },
  });
}

const finalCheckpoint = (folder: string): Buffer => readFileSync(join(folder, "checkpoints/step-00000012.safetensors"));

suite("executing a run", (test) => {
  test("trains, evaluates, and leaves everything that docs/run-folder.md lists", async () => {
    const folder = makeFolder(tinyConfig({ trackers: [{ type: "csv", file: "steps.csv" }] }));
    const { outcome, events } = await execute(folder);
    assert.equal(outcome, { id: "0123456789ab", outcome: "done" });
    const summary = await readRunSummary(folder);
    assert.is(summary.state, "done");
    assert.equal(
      summary.steps.map(({ step }) => step),
      [2, 4, 6, 8, 10, 12],
    );
    assert.ok(Object.keys(summary.metrics).some((name) => name.startsWith("reconstruction/")));
    assert.equal(readdirSync(folder).sort(), [
      ...["attempts", "checkpoints", "config.sources.json", "config.yaml", "evaluation.json", "metrics.jsonl"],
      ...["provenance.json", "routing", "run.json", "steps.csv"],
    ]);
    // A tenth of twelve steps is 1.2: the moments are rounded.
    const moments = await readRoutingMoments(folder);
    assert.equal(
      moments.map(({ step, numRows, experts_NR }) => [step, numRows === experts_NR.length]),
      [1, 2, 4, 5, 6, 7, 8, 10, 11, 12].map((step) => [step, true]),
    );
    assert.equal(
      events.map(({ type }) => type).filter((type) => type !== "step"),
      ["training", "evaluating"],
    );
    const provenance = JSON.parse(readFileSync(join(folder, "provenance.json"), "utf8")) as {
      attempts: Record<string, { device: string; versions: Record<string, string> }>;
    };
    assert.match(provenance.attempts["1"]!.device, /^cpu/);
    assert.is(provenance.attempts["1"]!.versions["node"], process.versions.node);
  });

  test("tells its device of its share of the machine, while it trains too, and not when it has ended", async () => {
    const told: number[] = [];
    const share = createProcessorShare(2);
    const folder = makeFolder(tinyConfig({ device: { type: "threaded" } }));
    const { outcome } = await execute(folder, {
      plugins: [threadedDevice((threads) => told.push(threads))],
      share,
      onEvent: (event) => {
        if (event.type === "step" && event.record.step === 4) share.set(8);
      },
    });
    share.set(16);
    assert.equal([outcome.outcome, told], ["done", [2, 8]]);
  });

  test("goes on, with a warning, when its device does not take a share", async () => {
    const refusing = threadedDevice(() => {
      throw new RangeError("no more threads");
    });
    const { outcome, events } = await execute(makeFolder(tinyConfig({ device: { type: "threaded" } })), {
      plugins: [refusing],
      share: createProcessorShare(3),
    });
    const warning = events.find((event) => event.type === "warning");
    assert.match(warning?.type === "warning" ? warning.message : "", /cpu did not take 3 threads.*no more threads/);
    assert.is(outcome.outcome, "done");
  });

  test("logs its device, and why that was taken", async () => {
    const folder = makeFolder(tinyConfig({ device: { type: "threaded" } }));
    await execute(folder, { plugins: [threadedDevice(() => undefined, "Took it, the only one.")] });
    const log = readFileSync(join(folder, "attempts/1/log.txt"), "utf8");
    assert.match(log, / device cpu \(tfjs [^\n]*\)\. Took it, the only one\.\n/);
  });

  test("keeps the two newest checkpoints", async () => {
    const folder = makeFolder();
    await execute(folder);
    assert.equal(listCheckpoints(folder), [12, 8]);
  });

  test("that was stopped resumes to the same bytes and logs every step once", async () => {
    const whole = makeFolder();
    await execute(whole);
    const parts = makeFolder();
    const first = await execute(parts, { stopAfterStep: 6 });
    assert.is(first.outcome.outcome, "interrupted");
    assert.is((await readRunSummary(parts)).state, "interrupted");
    const second = await execute(parts);
    const resumed = second.events.find((event) => event.type === "training");
    assert.equal([resumed?.type === "training" && resumed.resumedFrom, second.outcome.outcome], [6, "done"]);
    assert.ok(finalCheckpoint(parts).equals(finalCheckpoint(whole)));
    const [a, b] = [await readRunSummary(whole), await readRunSummary(parts)];
    assert.equal(
      a.steps.map(({ loss }) => loss),
      b.steps.map(({ loss }) => loss),
    );
    assert.equal(a.metrics, b.metrics);
  });

  test("reports a truncated checkpoint and goes on from the one before it", async () => {
    const whole = makeFolder();
    await execute(whole);
    const folder = makeFolder();
    await execute(folder);
    rmSync(join(folder, "evaluation.json"));
    truncateSync(join(folder, "checkpoints/step-00000012.safetensors"), 200);
    const { outcome, events } = await execute(folder);
    const warning = events.find((event) => event.type === "warning");
    assert.match(warning?.type === "warning" ? warning.message : "", /CHECKPOINT_UNREADABLE[\s\S]*step-00000012/);
    const training = events.find((event) => event.type === "training");
    assert.is(training?.type === "training" && training.resumedFrom, 8);
    assert.is(outcome.outcome, "done");
    assert.ok(finalCheckpoint(folder).equals(finalCheckpoint(whole)));
  });

  test("that has only its evaluation left makes no step", async () => {
    const folder = makeFolder();
    await execute(folder);
    const before = finalCheckpoint(folder);
    rmSync(join(folder, "evaluation.json"));
    const { outcome, events } = await execute(folder);
    assert.is(outcome.outcome, "done");
    assert.is(events.filter(({ type }) => type === "step").length, 0);
    assert.ok(existsSync(join(folder, "evaluation.json")));
    assert.ok(finalCheckpoint(folder).equals(before));
  });

  test("refuses a checkpoint of another architecture and keeps it", async () => {
    const folder = makeFolder();
    await execute(folder, { stopAfterStep: 6 });
    const base = tinyConfig();
    const wider = tinyRun({ ...base, model: { ...base.model, features: 32 } });
    createRunFolder(folder, "tiny", wider);
    const { outcome } = await execute(folder);
    assert.is(outcome.outcome === "failed" && outcome.failure.code, "CHECKPOINT_OTHER_ARCHITECTURE");
    assert.ok(listCheckpoints(folder).includes(6));
  });

  test("fails with the plugin, its config line and the log when a plugin throws", async () => {
    const broken = definePlugin({
      kind: "source",
      name: "broken",
      version: "1",
      summary: "Throws.",
      options: Type.Object({}),
      facts: () => ({ width: 6, fingerprint: "x", description: "x" }),
      create: () => {
        throw new RangeError("no such bucket");
      },
    });
    const folder = makeFolder(tinyConfig({ source: { type: "broken" } }));
    const { outcome } = await execute(folder, { plugins: [broken] });
    assert.is(outcome.outcome, "failed");
    if (outcome.outcome !== "failed") return;
    assert.match(outcome.failure.message, /source\/broken[\s\S]*tiny\.yaml:4:11[\s\S]*no such bucket/);
    assert.match(readFileSync(outcome.logFile!, "utf8"), /RangeError: no such bucket\s+at /);
    const summary = await readRunSummary(folder);
    assert.equal([summary.state, summary.failure?.code], ["failed", outcome.failure.code]);
  });

  test("fails when the source's rows have another width than promised", async () => {
    const liar = definePlugin({
      kind: "source",
      name: "liar",
      version: "1",
      summary: "Promises another width.",
      options: Type.Object({}),
      facts: () => ({ width: 6, fingerprint: "x", description: "x" }),
      create: () => noise.create({ width: 5 }, {}),
    });
    const { outcome } = await execute(makeFolder(tinyConfig({ source: { type: "liar" } })), { plugins: [liar] });
    assert.is(outcome.outcome === "failed" && outcome.failure.code, "SOURCE_WIDTH");
  });

  test("does not touch a run that another process is working on", async () => {
    const folder = makeFolder();
    beginAttempt(folder);
    const before = readdirSync(join(folder, "attempts"));
    const { outcome } = await execute(folder);
    assert.is(outcome.outcome === "failed" && outcome.failure.code, "RUN_LOCKED");
    assert.equal(readdirSync(join(folder, "attempts")), before);
    assert.is((await readRunSummary(folder)).state, "running");
  });
});

suite("a run on an assigned GPU", (test) => {
  const gpu: AssignedGpu = { index: 1, adapter: "H100", env: { CARD: "1" } };

  test("hands it to the device, and records it with the GPU that opened", async () => {
    const folder = makeFolder(tinyConfig({ device: { type: "card" } }));
    const told: (AssignedGpu | undefined)[] = [];
    const { outcome } = await execute(folder, { plugins: [gpuDevice("nvidia-h100-pcie", told)], gpu });
    assert.is(outcome.outcome, "done");
    assert.equal(told, [gpu]);
    const { attempts } = JSON.parse(readFileSync(join(folder, "provenance.json"), "utf8")) as {
      attempts: Readonly<Record<string, { readonly adapter?: string; readonly gpu?: AssignedGpu }>>;
    };
    assert.equal([attempts["1"]?.adapter, attempts["1"]?.gpu], ["nvidia-h100-pcie", gpu]);
  });

  test("fails before it trains where the device opened another one", async () => {
    const folder = makeFolder(tinyConfig({ device: { type: "card" } }));
    const { outcome, events } = await execute(folder, { plugins: [gpuDevice("nvidia-a100")], gpu });
    assert.ok(outcome.outcome === "failed");
    assert.is(outcome.failure.code, "GPU_NOT_ASSIGNED");
    assert.equal(events, []);
  });
});
