/**
 * What tests of runs share: temporary folders, a tiny run (a source of seeded noise, a Switch SAE of 2 experts), and a
 * catalogue that knows the plugins for it.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Type } from "typebox";
import type { RunConfig } from "../../../core/config/config.ts";
import type { RowStore } from "../../../core/data/contracts.ts";
import { createRng } from "../../../core/model/rng.ts";
import { createCatalogue } from "../../../core/plugin/catalogue.ts";
import type { BuiltInPlugins, PluginCatalogue } from "../../../core/plugin/catalogue.ts";
import { definePlugin } from "../../../core/plugin/define-plugin.ts";
import type { AnyPlugin } from "../../../core/plugin/define-plugin.ts";
import type { NewRun } from "../../../core/run/create-run-folder.ts";
import type { NamedRun } from "../../../core/run/find-run-folder.ts";
import type { StepRecord } from "../../../core/training/contracts.ts";

/** Absolute path of a new folder that is removed when the process ends. */
export function temporaryFolder(): string {
  root ??= makeRoot();
  return mkdtempSync(join(root, "t-"));
}

let root: string | undefined;

function makeRoot(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "switchyard-test-")));
  process.on("exit", () => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** Writes a file and the folders above it. */
export function put(file: string, content: unknown): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
}

export function tinyConfig(changes: Partial<RunConfig> = {}): RunConfig {
  return {
    name: "tiny",
    seed: 3,
    plugins: [],
    device: { type: "cpu" },
    source: { type: "noise", width: 6 },
    model: {
      features: 16,
      router: { type: "switch", experts: 2, shared: 0, gate: "softmax", bias: "shared" },
      expert: { type: "top-k", k: 2, annealSteps: 0, annealFrom: null, threshold: "none", thresholdStartStep: null },
      encoderBias: false,
      subtractDecoderBias: true,
      initialisation: "uniform",
      decoderNorm: 1,
      decoderBias: "geometric-median",
      normaliseActivations: "none",
    },
    losses: [
      { type: "reconstruction", weight: 1, warmupSteps: 0, decayStart: 1, form: "sum" },
      { type: "load-balance", weight: 0.1, warmupSteps: 0, decayStart: 1, form: "switch" },
    ],
    training: {
      steps: 12,
      batchSize: 8,
      shuffleRows: 64,
      gradientClip: 1,
      deadAfterRows: 10_000_000,
      resampleEvery: null,
      resampleUntil: 0.5,
      optimizer: {
        type: "adam",
        learningRate: 0.01,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        decoderNorm: "unit",
        projection: "after-clipping",
        renormalisation: "before-forward",
      },
      schedule: { type: "constant", warmupSteps: 0 },
      checkpointEvery: 4,
      logEvery: 2,
    },
    evaluation: {
      rows: 32,
      batchSize: 16,
      evaluators: [{ type: "reconstruction", compat: false, withoutFirst: false }],
    },
    executor: { type: "in-process" },
    trackers: [],
    report: { plots: [] },
    ...changes,
  };
}

export type TinyRun = NewRun & NamedRun & { readonly facts: { readonly source: { readonly fingerprint: string } } };

export function tinyRun(config: RunConfig = tinyConfig(), id = "0123456789ab"): TinyRun {
  const { features } = config.model;
  return {
    id,
    name: "experts=2",
    folderName: `experts=2-${id.slice(0, 8)}`,
    config,
    sources: new Map([["source.type", { origin: "tiny.yaml", line: 4, column: 11 }]]),
    axes: { "model.router.experts": 2 },
    shape: { width: 6, features, experts: 2, featuresPerExpert: features / 2, selectedExperts: 1, sharedExperts: 0 },
    facts: { source: { fingerprint: "f00d" }, expert: { activeFeatures: 2 } },
    plugins: ["router/switch@1"],
  };
}

export function stepRecord(step: number, changes: Partial<StepRecord> = {}): StepRecord {
  const losses = { reconstruction: 1 / step };
  return { step, rows: step * 8, loss: 1 / step, losses, learningRate: 0.01, gradientNorm: 1, stepMs: 2, ...changes };
}

/** Rows of standard normals, the same for the same seed. */
export const noise = definePlugin({
  kind: "source",
  name: "noise",
  version: "1",
  summary: "Seeded noise.",
  options: Type.Object({ width: Type.Integer({ minimum: 1, description: "Width of a row." }) }),
  facts: ({ width }) => ({ width, fingerprint: `noise-${width}`, description: "noise" }),
  create: ({ width }) => ({
    width,
    train: noiseStore(width, 300, "train"),
    heldOut: noiseStore(width, 40, "held-out"),
  }),
});

function noiseStore(width: number, numRows: number, stream: string): RowStore {
  const random = createRng(1).stream(stream);
  const rows = Float32Array.from({ length: width * numRows }, () => random.normal());
  return {
    ...{ width, numRows },
    read: (start, count, into) => {
      into.set(rows.subarray(start * width, (start + count) * width));
      return Promise.resolve();
    },
  };
}

const cpu = definePlugin({
  kind: "device",
  name: "cpu",
  version: "1",
  summary: "The cpu device.",
  options: Type.Object({}),
  create: async () => (await import("../../../kernels/devices/cpu.ts")).cpuDevice.open(),
});

/** The plugins that a tiny run names, and those given. */
export function tinyCatalogue(projectFolder: string, more: readonly AnyPlugin[] = []): Promise<PluginCatalogue> {
  const builtIn: BuiltInPlugins = {
    "device/cpu": () => Promise.resolve(cpu),
    "device/webgpu": async () => (await import("../../../plugins/device/webgpu.ts")).webgpu,
    "source/noise": () => Promise.resolve(noise),
    "router/switch": async () => (await import("../../../plugins/router/switch.ts")).switch,
    "expert/top-k": async () => (await import("../../../plugins/expert/top-k.ts")).topK,
    "loss/reconstruction": async () => (await import("../../../plugins/loss/reconstruction.ts")).reconstruction,
    "loss/load-balance": async () => (await import("../../../plugins/loss/load-balance.ts")).loadBalance,
    "optimizer/adam": async () => (await import("../../../plugins/optimizer/adam.ts")).adam,
    "schedule/constant": async () => (await import("../../../plugins/schedule/constant.ts")).constant,
    "evaluator/reconstruction": async () =>
      (await import("../../../plugins/evaluator/reconstruction.ts")).reconstruction,
    "tracker/csv": async () => (await import("../../../plugins/tracker/csv.ts")).csv,
    ...Object.fromEntries(more.map((plugin) => [`${plugin.kind}/${plugin.name}`, () => Promise.resolve(plugin)])),
  };
  return createCatalogue({ builtIn, requested: [], projectFolder });
}
