/**
 * Executes one run from its folder: claims it, builds its container, resumes or starts, trains, evaluates, and
 * records how it ended. Whatever happens, it ends in an outcome, and the folder tells the same.
 */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import type { Device } from "../../kernels/devices/device.ts";
import type { SourceProgress } from "../data/contracts.ts";
import { writeError } from "../data/file-errors.ts";
import { messageOf, SwitchyardError } from "../errors/switchyard-error.ts";
import { numEvaluatedRows } from "../evaluation/evaluate.ts";
import type { PluginCatalogue } from "../plugin/catalogue.ts";
import type { ProjectPaths } from "../plugin/define-plugin.ts";
import * as services from "../services.ts";
import { saveCheckpoint } from "../training/checkpoint.ts";
import { abandonAttempt, beginAttempt, endAttempt } from "./attempts.ts";
import type { Attempt, AttemptExit, Failure } from "./attempts.ts";
import type { ExecuteOptions, ProcessorShare, RunEvent, RunJob, RunOutcome } from "./contracts.ts";
import { evaluateRun } from "./evaluate-run.ts";
import { restoreImported } from "./restore-imported.ts";
import { failureOf, stackOf } from "./failure.ts";
import { attemptFiles, checkpointName, checkpointsFolder, logFile } from "./layout.ts";
import { checkAssignedGpu } from "./gpu-slots.ts";
import { createProcessorShare, followShare } from "./processor-share.ts";
import { collectProvenance, writeProvenance } from "./provenance.ts";
import { readConfigSources, readRunConfig } from "./run-config-file.ts";
import { requireRunRecord } from "./run-record.ts";
import { createRunScope, createSweepScope } from "./scopes.ts";
import type { ScopeInput } from "./scopes.ts";
import type { RunInProgress } from "./run-in-progress.ts";
import { trainRun } from "./train-run.ts";

export interface ExecuteRunInput extends ExecuteOptions {
  readonly job: RunJob;
  readonly catalogue: PluginCatalogue;
  readonly paths: ProjectPaths;
}

/** Never rejects for a run that fails: that is an outcome, recorded in the run's folder. */
export async function executeRun(options: ExecuteRunInput): Promise<RunOutcome> {
  const { job } = options;
  let attempt: Attempt;
  try {
    attempt = beginAttempt(job.folder, options.prepared);
  } catch (error) {
    // Nothing of this process is in the folder, and another process may be at work there: write nothing.
    return { id: job.id, outcome: "failed", failure: failureOf(error) };
  }
  const log = createLog(join(attempt.folder, attemptFiles.log));
  try {
    const exit = await attemptRun(options, attempt, log);
    // Logged first: once the exit record says how the attempt ended, nothing may fail any more.
    log(exit.outcome);
    await endAttempt(attempt, exit);
    return { id: job.id, outcome: exit.outcome };
  } catch (error) {
    if (error instanceof Stopped || (error instanceof Error && error.cause instanceof Stopped)) {
      await endAttempt(attempt, { outcome: "interrupted" });
      return { id: job.id, outcome: "interrupted" };
    }
    const failure = failureOf(error);
    await recordFailure(attempt, failure, () => {
      log(`failed: ${failure.message}\n${stackOf(error)}`);
    });
    return { id: job.id, outcome: "failed", failure, logFile: logFile(job.folder, attempt.number) };
  }
}

type Exit = Omit<AttemptExit, "endedAt" | "outcome"> & { readonly outcome: "done" | "interrupted" };

async function attemptRun(options: ExecuteRunInput, attempt: Attempt, log: Log): Promise<Exit> {
  const { job, catalogue, paths, signal } = options;
  const record = requireRunRecord(job.folder);
  const input: ScopeInput = {
    config: readRunConfig(job.folder),
    sources: readConfigSources(job.folder),
    ...{ catalogue, paths, gpu: options.gpu },
  };
  const emit = (event: RunEvent): void => {
    logEvent(log, event);
    options.onEvent(event);
  };
  const progress: SourceProgress = (done, total, what) => {
    if (signal.aborted) throw new Stopped();
    emit({ type: "preparing", done, total, what });
  };
  const share = options.share ?? createProcessorShare();
  const sweepScope = await createSweepScope(input, progress, share);
  let endFollowing = (): void => undefined;
  try {
    const device = await sweepScope.get(services.deviceRef);
    checkAssignedGpu(options.gpu, device.adapter);
    log(`device ${device.description}${device.reason === undefined ? "" : `. ${device.reason}`}`);
    endFollowing = followShare(device, share, (error) => {
      options.onEvent({ type: "warning", message: threadsNotTaken(device, share, error) });
    });
    await writeProvenance(job.folder, attempt, {
      ...collectProvenance(paths.projectFolder),
      device: device.description,
      ...(device.adapter === undefined ? {} : { adapter: device.adapter }),
      ...(options.gpu === undefined ? {} : { gpu: options.gpu }),
      ...(record.imported === undefined ? {} : { imported: record.imported }),
    });
    const source = await sweepScope.get(services.sourceRef);
    if (source.width !== record.shape.width) throw otherWidth(source.width, record.shape.width);
    numEvaluatedRows(source, input.config.evaluation);
    const scope = await createRunScope(input, sweepScope, { shape: record.shape, folder: job.folder });
    const { folder, isProfiled = false } = job;
    const run: RunInProgress = { folder, attempt, isProfiled, input, scope, signal, emit };
    if (record.imported !== undefined) {
      await evaluateRun(run, await restoreImported(run), record);
      return { outcome: "done", checkpoint: checkpointName(0) };
    }
    const trained = await trainRun(run, (state) =>
      saveCheckpoint(join(checkpointsFolder(job.folder), checkpointName(state.step)), state),
    );
    if (trained.interrupted || signal.aborted) return { outcome: "interrupted" };
    await evaluateRun(run, trained, record);
    return { outcome: "done", checkpoint: checkpointName(input.config.training.steps) };
  } finally {
    endFollowing();
    await sweepScope.dispose();
  }
}

/** Told without the log, whose disk may be full: a share changes at any moment, when nobody would catch that. */
function threadsNotTaken({ name }: Device, { threads }: ProcessorShare, error: unknown): string {
  return `The device ${name} did not take ${threads} threads, and goes on with those that it has: ${messageOf(error)}`;
}

/** Ends a harvest between two of its steps. */
class Stopped extends Error {}

type Log = (text: string) => void;

function createLog(file: string): Log {
  return (text) => {
    try {
      appendFileSync(file, `${new Date().toISOString()} ${text}\n`);
    } catch (error) {
      throw writeError(file, error);
    }
  };
}

function logEvent(log: Log, event: RunEvent): void {
  if (event.type === "training") log(`training ${event.totalSteps} steps from step ${event.resumedFrom}`);
  else if (event.type === "step") log(`step ${event.record.step} loss ${event.record.loss}`);
  else if (event.type === "warning") log(`warning: ${event.message}`);
  else if (event.type === "evaluating") log("evaluating");
  else if (event.type === "profile")
    log(`profiled ${event.profile.steps} steps of ${event.profile.stepMs.toFixed(2)} ms`);
}

/** The failure may be a full disk, on which no record can be written either: the caller still reports it. */
async function recordFailure(attempt: Attempt, failure: Failure, writeLog: () => void): Promise<void> {
  try {
    writeLog();
  } catch {
    // The exit record says the same.
  }
  try {
    await endAttempt(attempt, { outcome: "failed", failure });
  } catch {
    abandonAttempt(attempt);
  }
}

function otherWidth(received: number, expected: number): SwitchyardError {
  return new SwitchyardError("SOURCE_WIDTH", "The source's rows have another width than its facts promised.", {
    expected: `width ${expected}`,
    received: `width ${received}`,
    next: "Correct `facts` or `create` of the source plugin; or its files changed since the runs were planned: run again.",
  });
}
