/** Made-up runs for signatures: healthy unless told otherwise. */
import type { DiagnosedRun, Look, Observation, Signature } from "../../../../core/analysis/diagnose/contracts.ts";
import type { Failure } from "../../../../core/run/attempts.ts";
import type { RunSummary } from "../../../../core/run/run-summary.ts";
import type { StepRecord } from "../../../../core/training/contracts.ts";
import { makeRun } from "../fixtures.ts";
import type { RunFixture } from "../fixtures.ts";

export interface DiagnosedFixture extends RunFixture {
  readonly failures?: readonly Failure[];
  /** Merged into the run's model and training. */
  readonly model?: Partial<RunSummary["config"]["model"]>;
  readonly training?: Partial<RunSummary["config"]["training"]>;
  readonly losses?: RunSummary["config"]["losses"];
  readonly shape?: Partial<RunSummary["shape"]>;
}

/** Metrics of a run of 8 experts, 2048 features and k = 16 that nothing is wrong with. */
export const healthy: Readonly<Record<string, number>> = {
  "reconstruction/mse": 12,
  "reconstruction/fvu": 0.2,
  "sparsity/l0": 16,
  "sparsity/dead-fraction": 0.01,
  "sparsity/dead-window-rows": 8192,
  "routing/entropy": Math.log(8),
  "routing/max-load": 1.1,
  "routing/dead-experts": 0,
  "duplication/duplicates": 0.01,
  "duplication/same-expert": 0.005,
  "duplication/cross-expert": 0.006,
  "cost/flops-per-row": 65536,
};

export function diagnosed(fixture: DiagnosedFixture = {}): DiagnosedRun {
  const { experts = 8, metrics = {}, log = curve((share) => 100 + 300 * Math.exp(-20 * share)) } = fixture;
  const run = makeRun({ ...fixture, experts, metrics: { ...healthy, ...metrics }, log });
  const config = {
    ...run.config,
    model: { ...run.config.model, ...fixture.model },
    training: { ...run.config.training, ...fixture.training },
    losses: fixture.losses ?? run.config.losses,
  };
  return { run: { ...run, config, shape: { ...run.shape, ...fixture.shape } }, failures: fixture.failures ?? [] };
}

/** The same without some of its metrics. */
export function without(found: DiagnosedRun, ...metrics: readonly string[]): DiagnosedRun {
  const kept = Object.entries(found.run.metrics).filter(([name]) => !metrics.includes(name));
  return { ...found, run: { ...found.run, metrics: Object.fromEntries(kept) } };
}

/** A logged training. @param lossAt Reconstruction loss at a share of the training in (0, 1]. */
export function curve(
  lossAt: (share: number) => number,
  { points = 60, gradientNorm = 0.5 }: { readonly points?: number; readonly gradientNorm?: number } = {},
): readonly StepRecord[] {
  return Array.from({ length: points }, (_unused, i) => {
    const share = (i + 1) / points;
    const reconstruction = lossAt(share);
    return {
      ...{ step: Math.round(share * 600), rows: Math.round(share * 600) * 1024, loss: reconstruction + 200 },
      ...{ losses: { reconstruction, "load-balance": 1.01 }, learningRate: 5e-4, gradientNorm, stepMs: 10 },
    };
  });
}

export function lookAt(
  signature: Signature,
  fixture: DiagnosedFixture = {},
  peers: readonly DiagnosedRun[] = [],
): Look {
  const found = diagnosed(fixture);
  return signature.look(found, [found, ...peers]);
}

/** What was seen; throws when nothing was. */
export function seenBy(
  signature: Signature,
  fixture: DiagnosedFixture,
  peers: readonly DiagnosedRun[] = [],
): Observation {
  const look = lookAt(signature, fixture, peers);
  if (look.kind !== "seen") throw new Error(`${signature.name} saw nothing: ${JSON.stringify(look)}`);
  return look;
}

/** key -> value to change to. */
export function changesOf({ changes }: Observation): Readonly<Record<string, unknown>> {
  return Object.fromEntries(changes.map(({ key, to }) => [key, to]));
}
