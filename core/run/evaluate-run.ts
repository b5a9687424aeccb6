/** The last part of a run: its evaluators look at the trained model; evaluation.json holds what they found. */
import { join } from "node:path";
import type { EvaluationContext } from "../evaluation/contracts.ts";
import { evaluate } from "../evaluation/evaluate.ts";
import * as services from "../services.ts";
import type { TrainingSummary } from "../training/train.ts";
import type { RunInProgress } from "./run-in-progress.ts";
import { isRecord, writeJson } from "./json-file.ts";
import { runFiles } from "./layout.ts";
import { readMetrics } from "./metrics-file.ts";
import { readRoutingMoments } from "./routing-record.ts";
import type { RunRecord } from "./run-record.ts";
import * as run from "./run-services.ts";
import { nameOf } from "./train-run.ts";

/** @throws SwitchyardError whatever an evaluator, the source or the disk reports */
export async function evaluateRun(
  { folder, input, scope, emit }: RunInProgress,
  trained: TrainingSummary,
  record: RunRecord,
): Promise<void> {
  const { training, evaluation, trackers } = input.config;
  const { evaluators } = evaluation;
  emit({ type: "evaluating" });
  const { metrics, artefacts } = await evaluate({
    tf: await scope.get(services.tensorFlowRef),
    model: await scope.get(run.modelRef),
    evaluators: await Promise.all(
      evaluators.map(
        async ({ type }, i) => [nameOf(evaluators, type, i), await scope.get(run.evaluatorRef(i))] as const,
      ),
    ),
    source: await scope.get(services.sourceRef),
    config: evaluation,
    training: {
      steps: record.imported === undefined ? training.steps : 0,
      batchSize: training.batchSize,
      stepMs: await loggedStepMs(folder),
      // A process that only evaluated says nothing of what training needs.
      peakMemoryBytes: trained.stepMs === undefined ? 0 : trained.peakMemoryBytes,
    },
    activeFeatures:
      statedCount(record, "expert", "activeFeatures") ?? statedCount(record, "expert", "meanActiveFeatures"),
    router: routerCostOf(record),
    routingMoments: await readRoutingMoments(folder),
  });
  await writeJson(join(folder, runFiles.evaluation), { metrics, artefacts });
  for (const i of trackers.keys()) await (await scope.get(run.trackerRef(i))).evaluated?.(metrics);
}

/** Median over the steps of every attempt that were logged: a resumed process may have made few steps of its own. */
async function loggedStepMs(folder: string): Promise<number> {
  const durations = (await readMetrics(join(folder, runFiles.metrics)))
    .map(({ stepMs }) => stepMs)
    .sort((a, b) => a - b);
  return durations[Math.floor(durations.length / 2)] ?? 0;
}

function routerCostOf(record: RunRecord): EvaluationContext["router"] {
  const scores = statedCount(record, "router", "scores");
  const trainedScores = statedCount(record, "router", "trainedScores");
  return {
    ...(scores === undefined ? {} : { scores }),
    ...(trainedScores === undefined ? {} : { trainedScores }),
  };
}

/** A number that a plugin stated of itself when the run was planned. */
function statedCount({ facts }: RunRecord, kind: "expert" | "router", name: string): number | undefined {
  const stated = facts[kind];
  const count = isRecord(stated) ? stated[name] : undefined;
  return typeof count === "number" ? count : undefined;
}
