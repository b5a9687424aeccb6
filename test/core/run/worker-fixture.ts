/** A worker whose runs do what their names say: crash, hang until told to stop, print, report, tell their threads or GPU. */
import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { beginAttempt, endAttempt } from "../../../core/run/attempts.ts";
import type { ExecuteOptions, RunJob, RunOutcome } from "../../../core/run/contracts.ts";
import { serveWorker } from "../../../core/run/serve-worker.ts";

const cores = availableParallelism();

serveWorker(({ projectFolder }) => ({
  execute: async (job, options) => execute(job, options, projectFolder),
  prepare: (source, progress, resources) => {
    if (source.fingerprint === "crash0000") process.kill(process.pid, "SIGKILL");
    if (source.fingerprint === "broken000") return Promise.reject(new Error("no such text"));
    progress(1, 2, source.fingerprint === "threads00" ? `on ${resources?.share.threads ?? "all"} threads` : "reading");
    return Promise.resolve();
  },
}));

async function execute(
  job: RunJob,
  { onEvent, signal, share, gpu, prepared }: ExecuteOptions,
  project: string,
): Promise<RunOutcome> {
  if (job.name === "crash before its attempt") process.abort();
  if (job.name === "throw") throw new RangeError("out of range");
  const attempt = beginAttempt(job.folder, prepared);
  process.stdout.write(`printed by ${job.name} in ${project}\n`);
  onEvent({ type: "evaluating" });
  if (job.name === "killed by the system") process.kill(process.pid, "SIGKILL");
  if (job.name === "leave early") process.exit(7);
  if (job.name.startsWith("tell gpu")) {
    const { SWITCHYARD_TEST_GPU: variable = "nothing" } = process.env;
    onEvent({ type: "warning", message: `gpu ${gpu?.index ?? "none"} ${gpu?.adapter ?? ""} ${variable}` });
  }
  const tells = job.name.startsWith("tell threads");
  if (tells) {
    const tell = (threads?: number): void => {
      onEvent({ type: "warning", message: `${threads ?? "no"} threads` });
    };
    tell(share?.threads);
    share?.onChange(tell);
  }
  const isWaiting = (): boolean =>
    job.name === "wait for stop" || (tells && !(job.name.endsWith("until all") && share?.threads === cores));
  while (isWaiting() && !signal.aborted) await sleep(5);
  if (job.name === "never stop") await sleep(60_000);
  const outcome = signal.aborted ? "interrupted" : "done";
  await endAttempt(attempt, { outcome });
  return { id: job.id, outcome };
}
