/** The requester's side of worker-protocol.ts: starts a process, follows it, and notices when it just dies. */
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import type { ProcessorShare, WorkerCommand } from "./contracts.ts";
import type { WorkerReport, WorkerRequest, WorkerTask } from "./worker-protocol.ts";

export interface WorkerHandlers {
  readonly onReport: (report: WorkerReport) => void;
  /** Aborted: the worker is asked to checkpoint and end. */
  readonly signal: AbortSignal;
  /** Aborted: the worker is killed. */
  readonly killSignal: AbortSignal;
  /** Whose changes the worker is told. */
  readonly share?: ProcessorShare;
}

/** How a worker process ended. */
export interface WorkerEnd {
  /** Whether it sent its last report before it ended. */
  readonly reported: boolean;
  /** "exit code 134", "SIGKILL". */
  readonly how: string;
}

/**
 * Does one task in a worker. Everything that the worker or its runtime prints goes to `logFile`.
 * @returns When the process is gone. Never rejects for a worker that fails.
 */
export async function runWorker(
  command: WorkerCommand,
  task: WorkerTask,
  logFile: string,
  handlers: WorkerHandlers,
): Promise<WorkerEnd> {
  const log = openSync(logFile, "a");
  const child = fork(command.file, [], {
    execArgv: [...command.execArgv],
    // Drivers read the environment when their process loads them, so it is set before the worker exists.
    env: { ...process.env, ...task.gpu?.env },
    stdio: ["ignore", log, log, "ipc"],
    serialization: "json",
  });
  closeSync(log);
  const tell = (message: WorkerRequest): void => {
    if (child.connected) child.send(message, () => undefined);
  };
  const stop = (): void => {
    tell({ type: "stop" });
  };
  const kill = (): void => {
    child.kill("SIGKILL");
  };
  handlers.signal.addEventListener("abort", stop, { once: true });
  handlers.killSignal.addEventListener("abort", kill, { once: true });
  const endFollowing = handlers.share?.onChange((threads) => {
    tell({ type: "threads", threads });
  });
  try {
    tell(task);
    if (handlers.signal.aborted) stop();
    if (handlers.killSignal.aborted) kill();
    return await follow(child, handlers.onReport);
  } finally {
    endFollowing?.();
    handlers.signal.removeEventListener("abort", stop);
    handlers.killSignal.removeEventListener("abort", kill);
  }
}

function follow(child: ChildProcess, onReport: (report: WorkerReport) => void): Promise<WorkerEnd> {
  return new Promise((resolve) => {
    let reported = false;
    child.on("message", (message) => {
      const report = message as WorkerReport;
      if (report.type !== "event" && report.type !== "progress") reported = true;
      onReport(report);
    });
    child.on("error", (error) => {
      // A process that never started has no exit event.
      if (child.pid === undefined) resolve({ reported, how: error.message });
    });
    // Both the exit and the last message have arrived at "close" only when stdio is ours; here "exit" plus
    // "disconnect" says the same.
    let exit: string | undefined;
    let disconnected = false;
    const settle = (): void => {
      if (exit !== undefined && disconnected) resolve({ reported, how: exit });
    };
    child.on("disconnect", () => {
      disconnected = true;
      settle();
    });
    child.on("exit", (code, signal) => {
      exit = signal ?? `exit code ${code ?? "unknown"}`;
      if (!child.connected) disconnected = true;
      settle();
    });
  });
}
