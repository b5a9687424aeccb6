/** One run, and one source, in a worker process of its own: what the worker reports, and what its death means. */
import { randomBytes } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import { beginAttempt, endAttempt, isRunning, lastAttempt, prepareAttempt, readExit } from "./attempts.ts";
import type { Failure } from "./attempts.ts";
import type { ExecutorContext, Resources, RunJob, RunOutcome, SourceJob } from "./contracts.ts";
import { failureOf } from "./failure.ts";
import { attemptFiles, attemptFolder, logFile } from "./layout.ts";
import { runWorker } from "./start-worker.ts";

/**
 * Executes a run in a worker. Never rejects: not for a run that fails, a worker that dies, or a disk that is full.
 * @param resources The worker has them from its start, and is told when its threads change.
 */
export async function executeInWorker(
  job: RunJob,
  context: ExecutorContext,
  resources: Resources,
): Promise<RunOutcome> {
  try {
    return await superviseWorker(job, context, resources);
  } catch (error) {
    return { id: job.id, outcome: "failed", failure: failureOf(error) };
  }
}

async function superviseWorker(job: RunJob, context: ExecutorContext, { share, gpu }: Resources): Promise<RunOutcome> {
  const { worker } = context.runner;
  const prepared = prepareAttempt(job.folder, randomBytes(4).toString("hex"));
  let outcome: RunOutcome | undefined;
  const end = await runWorker(
    worker,
    { type: "execute", job, prepared, paths: worker.paths, threads: share.threads, gpu },
    join(prepared, attemptFiles.log),
    {
      signal: context.signal,
      killSignal: context.killSignal,
      share,
      onReport: (report) => {
        if (report.type === "event") context.events.runEvent(job, report.event);
        else if (report.type === "ended") outcome = report.outcome;
      },
    },
  );
  if (outcome !== undefined) {
    // A worker that found the run locked left its prepared folder behind.
    rmSync(prepared, { recursive: true, force: true });
    return outcome;
  }
  if (context.killSignal.aborted) {
    rmSync(prepared, { recursive: true, force: true });
    return { id: job.id, outcome: "interrupted" };
  }
  return recordCrash(job, prepared, end.how);
}

/**
 * Prepares a source in a worker; what it prints goes to `source-<fingerprint>.log` beside the run folders.
 * @throws SwitchyardError SOURCE_NOT_PREPARED
 */
export async function prepareInWorker(
  source: SourceJob,
  context: ExecutorContext,
  { share, gpu }: Resources,
): Promise<void> {
  const { worker } = context.runner;
  const log = join(dirname(source.folder), `source-${source.fingerprint.slice(0, 8)}.log`);
  let failure: Failure | undefined;
  const end = await runWorker(
    worker,
    { type: "prepare", source, paths: worker.paths, threads: share.threads, gpu },
    log,
    {
      signal: context.signal,
      killSignal: context.killSignal,
      onReport: (report) => {
        if (report.type === "progress") context.events.sourceProgress(source, report.done, report.total, report.what);
        else if (report.type === "prepare-failed") failure = report.failure;
      },
    },
  );
  if (failure === undefined && end.reported) {
    rmSync(log, { force: true });
    return;
  }
  throw new SwitchyardError("SOURCE_NOT_PREPARED", failure?.message ?? "The source's worker process died.", {
    where: log,
    ...(failure === undefined ? { received: end.how } : {}),
    next: "Repair the cause and run the same command again.",
  });
}

/** A dead process cannot write its own exit record; without one the run would look interrupted by the user. */
async function recordCrash(job: RunJob, prepared: string, how: string): Promise<RunOutcome> {
  // A worker that died before its attempt began has its log still in the prepared folder.
  const began = !existsSync(prepared);
  const number = began ? (lastAttempt(job.folder) ?? 1) : beginAttempt(job.folder, prepared).number;
  const log = logFile(job.folder, number);
  const error = new SwitchyardError("RUN_CRASHED", "The process of this run ended without saying why.", {
    where: log,
    received: how,
    next: "Read the log; then run the same command again: it continues from the last checkpoint.",
  });
  const failure: Failure = { code: error.code, message: error.message };
  if (readExit(job.folder, number) === undefined && (!began || !isRunning(job.folder, number))) {
    await endAttempt({ number, folder: attemptFolder(job.folder, number) }, { outcome: "failed", failure });
  }
  return { id: job.id, outcome: "failed", failure, logFile: log };
}
