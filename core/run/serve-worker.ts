/** The worker's side of worker-protocol.ts: receives one request, does it, reports, exits. */
import type { ProjectPaths } from "../plugin/define-plugin.ts";
import type { JobRunner } from "./contracts.ts";
import { failureOf, stackOf } from "./failure.ts";
import type { WorkerReport, WorkerRequest } from "./worker-protocol.ts";

/** A runner without a way to start further workers. */
export type LocalRunner = Omit<JobRunner, "worker">;

/**
 * Serves the process that forked this one.
 * @param makeRunner Builds what executes, for the folder of the requester's project.
 */
export function serveWorker(makeRunner: (paths: ProjectPaths) => LocalRunner): void {
  const stop = new AbortController();
  const abort = (): void => {
    stop.abort();
  };
  // A terminal sends Ctrl-C to every process; the requester decides and tells us.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", abort);
  process.on("disconnect", abort);
  process.on("message", (request: WorkerRequest) => {
    if (request.type === "stop") {
      abort();
      return;
    }
    void serve(request, makeRunner(request.paths), stop.signal).then(finish);
  });
}

async function serve(
  request: Exclude<WorkerRequest, { type: "stop" }>,
  runner: LocalRunner,
  signal: AbortSignal,
): Promise<WorkerReport> {
  try {
    if (request.type === "prepare") {
      await runner.prepare(request.source, (done, total, what) => {
        // The requester knows that it asked for the end, and takes this for no failure of the source.
        signal.throwIfAborted();
        send({ type: "progress", done, total, what });
      });
      return { type: "prepared" };
    }
    const { job, prepared } = request;
    const outcome = await runner.execute(job, {
      onEvent: (event) => {
        send({ type: "event", event });
      },
      signal,
      prepared,
    });
    return { type: "ended", outcome };
  } catch (error) {
    process.stderr.write(`${stackOf(error)}\n`);
    const failure = failureOf(error);
    if (request.type === "prepare") return { type: "prepare-failed", failure };
    return { type: "ended", outcome: { id: request.job.id, outcome: "failed", failure } };
  }
}

function send(report: WorkerReport): void {
  // A requester that went away has nobody to tell; `disconnect` has stopped the run.
  if (process.connected) process.send?.(report, undefined, undefined, () => undefined);
}

function finish(report: WorkerReport): void {
  if (process.connected && process.send !== undefined) {
    process.send(report, undefined, undefined, () => {
      process.exit(0);
    });
  } else process.exit(0);
}
