/** Runs as they would be read from disk, with numbers like those of a small sweep. */
import type { RunSummary } from "../../../core/run/run-summary.ts";
import type { StepRecord } from "../../../core/training/contracts.ts";

export interface RunFixture {
  readonly name?: string;
  readonly id?: string;
  readonly sweep?: string;
  readonly state?: RunSummary["state"];
  readonly experts?: number;
  readonly features?: number;
  readonly k?: number;
  readonly seed?: number;
  readonly steps?: number;
  readonly axes?: Readonly<Record<string, unknown>>;
  readonly metrics?: Readonly<Record<string, number>>;
  readonly artefacts?: RunSummary["artefacts"];
  readonly log?: readonly StepRecord[];
  readonly failure?: { readonly code: string; readonly message: string };
  readonly folder?: string;
}

let made = 0;

export function makeRun(fixture: RunFixture = {}): RunSummary {
  made += 1;
  const { experts = 1, features = 2048, k = 16, seed = 0, steps = 600 } = fixture;
  const router = experts === 1 ? { type: "none" } : { type: "switch", experts };
  const name = fixture.name ?? (experts === 1 ? "router=none" : `router=switch-experts=${experts}`);
  return {
    id: fixture.id ?? made.toString(16).padStart(12, "0"),
    name,
    sweep: fixture.sweep ?? "quickstart",
    folder: fixture.folder ?? `/nowhere/quickstart/${name}`,
    state: fixture.state ?? "done",
    config: {
      name: "quickstart",
      seed,
      plugins: [],
      device: { type: "wasm" },
      source: { type: "gpt2", model: "data/tiny-gpt2", texts: ["data/text/frankenstein.txt"], layer: 2 },
      model: {
        features,
        router,
        expert: { type: "top-k", k },
        encoderBias: false,
        subtractDecoderBias: true,
        initialisation: "uniform",
        decoderNorm: 1,
        decoderBias: "geometric-median",
        normaliseActivations: "none",
      },
      losses: [{ type: "reconstruction" }, { type: "load-balance", weight: 3 }],
      training: {
        steps,
        batchSize: 1024,
        shuffleRows: 65536,
        gradientClip: 1,
        deadAfterRows: 10_000_000,
        resampleEvery: null,
        resampleUntil: 0.5,
        optimizer: { type: "adam", learningRate: 5.7e-4 },
        schedule: { type: "linear-decay", decayStart: 0.8 },
        checkpointEvery: 200,
        logEvery: 10,
      },
      evaluation: { rows: 16384, batchSize: 1024, evaluators: [{ type: "reconstruction" }, { type: "sparsity" }] },
      executor: { type: "local" },
      trackers: [],
      report: { plots: [] },
    },
    shape: {
      width: 64,
      features,
      experts,
      featuresPerExpert: features / experts,
      selectedExperts: 1,
      sharedExperts: 0,
    },
    axes: fixture.axes ?? { "model.router": router },
    metrics: fixture.metrics ?? {},
    artefacts: fixture.artefacts ?? {},
    steps: fixture.log ?? [],
    ...(fixture.failure === undefined ? {} : { failure: fixture.failure }),
  };
}

/** A run that did not get to its evaluation. */
export function failedRun(fixture: RunFixture = {}): RunSummary {
  const failure = { code: "LOSS_NOT_FINITE", message: "The loss became NaN at step 120." };
  return makeRun({ state: "failed", name: "router=switch-experts=32", experts: 32, failure, ...fixture });
}

/** Dense and Switch SAEs of one width, as the quickstart trains them, with everything that plots ask for. */
export function quickstartRuns(seeds: readonly number[] = [0]): readonly RunSummary[] {
  return [1, 2, 4, 8, 16].flatMap((experts) => seeds.map((seed) => quickstartRun(experts, seed, seeds.length > 1)));
}

function quickstartRun(experts: number, seed: number, isNamedBySeed: boolean): RunSummary {
  const noise = 1 + 0.004 * Math.sin(7 * seed + experts);
  const mse = 11.8 * experts ** 0.075 * noise;
  const features = 2048;
  const stepMs = (9 + 86 / experts) * noise;
  const router = experts === 1 ? { type: "none" } : { type: "switch", experts };
  const name = experts === 1 ? "router=none" : `router=switch-experts=${experts}`;
  return makeRun({
    experts,
    features,
    seed,
    name: isNamedBySeed ? `${name}-seed=${seed}` : name,
    axes: isNamedBySeed ? { "model.router": router, seed } : { "model.router": router },
    log: lossCurve(mse, experts),
    metrics: {
      "reconstruction/mse": mse,
      "reconstruction/fvu": mse / 62,
      "reconstruction/cosine": 1 - mse / 130,
      "sparsity/l0": 16 - 0.02 * experts,
      "sparsity/dead-fraction": 0.21 / experts ** 0.6,
      "language-model/loss-recovered": 0.961 - 0.006 * Math.log2(experts),
      "language-model/delta-ce": 0.11 + 0.017 * Math.log2(experts),
      "routing/normalised-entropy": 1 - 0.004 * Math.log2(experts),
      "duplication/duplicates": 0.004 + 0.011 * Math.log2(experts),
      "duplication/same-expert": 0.004,
      "duplication/cross-expert": 0.011 * Math.log2(experts),
      "cost/flops-per-row": (4 * features * 64) / experts,
      "cost/training-flops": (6 * features * 64 * 600 * 1024) / experts,
      "cost/step-ms": stepMs,
      "cost/rows-per-second": 1_024_000 / stepMs,
      "cost/peak-memory-mb": 612,
      "cost/parameters": 2 * features * 64,
    },
    artefacts: {
      routing: { load: loadOf(experts) },
      duplication: { "expert-cosine": matrixOf(experts) },
    },
  });
}

function lossCurve(final: number, experts: number): readonly StepRecord[] {
  return Array.from({ length: 60 }, (_unused, i) => {
    const step = (i + 1) * 10;
    const wobble = 1 + 0.02 * Math.sin(i * 1.7 + experts);
    const loss = (final + 420 * Math.exp(-step / 32) + 60 * Math.exp(-step / 140)) * wobble;
    return {
      step,
      rows: step * 1024,
      loss: loss + 3,
      losses: { reconstruction: loss, "load-balance": 1.01 },
      learningRate: 5.7e-4,
      gradientNorm: 1.2,
      stepMs: 9 + 86 / experts,
    };
  });
}

function loadOf(experts: number): readonly number[] {
  const weights = Array.from({ length: experts }, (_unused, e) => 1 + 0.3 * Math.sin(e * 2.1 + experts));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

function matrixOf(experts: number): readonly (readonly number[])[] {
  return Array.from({ length: experts }, (_from, i) =>
    Array.from({ length: experts }, (_to, j) => (i === j ? 0.52 : 0.33 + 0.06 * Math.sin(i * 3 + j * 1.3))),
  );
}
