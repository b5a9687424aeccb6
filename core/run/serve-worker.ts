/** The worker's side of worker-protocol.ts: receives one task, does it, reports, exits. */
import type { SourceProgress } from "../data/contracts.ts";
import type { ProjectPaths } from "../plugin/define-plugin.ts";
import type { JobRunner, ProcessorShare } from "./contracts.ts";
import { failureOf, stackOf } from "./failure.ts";
import { createProcessorShare } from "./processor-share.ts";
import type { WorkerReport, WorkerRequest, WorkerTask } from "./worker-protocol.ts";

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
  const share = createProcessorShare();
  process.on("message", (request: WorkerRequest) => {
    if (request.type === "stop") {
      abort();
      return;
    }
    share.set(request.threads);
    if (request.type === "threads") return;
    void serve(request, makeRunner(request.paths), { signal: stop.signal, share }).then(finish);
  });
}

async function serve(
  task: WorkerTask,
  runner: LocalRunner,
  { signal, share }: { readonly signal: AbortSignal; readonly share: ProcessorShare },
): Promise<WorkerReport> {
  try {
    if (task.type === "prepare") {
      const progress: SourceProgress = (done, total, what) => {
        // The requester knows that it asked for the end, and takes this for no failure of the source.
        signal.throwIfAborted();
        send({ type: "progress", done, total, what });
      };
      await runner.prepare(task.source, progress, { share, gpu: task.gpu });
      return { type: "prepared" };
    }
    const { job, prepared, gpu } = task;
    const outcome = await runner.execute(job, {
      onEvent: (event) => {
        send({ type: "event", event });
      },
      ...{ signal, share, prepared, gpu },
    });
    return { type: "ended", outcome };
  } catch (error) {
    process.stderr.write(`${stackOf(error)}\n`);
    const failure = failureOf(error);
    if (task.type === "prepare") return { type: "prepare-failed", failure };
    return { type: "ended", outcome: { id: task.job.id, outcome: "failed", failure } };
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
