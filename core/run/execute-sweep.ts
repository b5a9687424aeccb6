/**
 * The order in which a sweep executes, whatever executes it: every shared source once, then every run whose source is
 * ready, in slots. A failing source or run neither stops nor hides the others. The cores are divided among the runs
 * that execute at the same time, the same number to each; a source is prepared alone, and has them all. A run whose
 * device is a GPU has one of the executor's GPUs meanwhile; the others do not wait for it.
 */
import type { AssignedGpu } from "../services.ts";
import { beginAttempt, endAttempt } from "./attempts.ts";
import type { Failure } from "./attempts.ts";
import type { ExecutorContext, GpuWish, Resources, RunJob, RunOutcome, SourceJob } from "./contracts.ts";
import { failureOf } from "./failure.ts";
import type { GpuSlots } from "./gpu-slots.ts";
import { createProcessorShare, threadsOfEach } from "./processor-share.ts";

/** How one executor does the two kinds of work. */
export interface Ways {
  /** Runs at a time. */
  readonly slots: number;
  /** Threads for all that is done at the same time. */
  readonly cores: number;
  /** The GPUs that runs have while they execute; without them, every device chooses for itself. */
  readonly gpus?: GpuSlots;
  /**
   * Whether the cores of runs that ended go to those that are left. The sweep then ends sooner, and the seconds of its
   * last runs can no longer be compared with the others'.
   */
  readonly lendsIdleCores: boolean;
  /** @throws when the source cannot be prepared */
  prepare(source: SourceJob, context: ExecutorContext, resources: Resources): Promise<void>;
  /** Never rejects for a run that fails. */
  execute(job: RunJob, context: ExecutorContext, resources: Resources): Promise<RunOutcome>;
}

/** @returns One outcome a job, in their order. */
export async function executeSweep(
  jobs: readonly RunJob[],
  sources: readonly SourceJob[],
  context: ExecutorContext,
  ways: Ways,
): Promise<readonly RunOutcome[]> {
  const outcomes = new Map<string, RunOutcome>();
  const end = (job: RunJob, outcome: RunOutcome): void => {
    outcomes.set(job.id, outcome);
    context.events.runEnded(job, outcome);
  };
  for (const source of sources) {
    if (context.signal.aborted) break;
    // A source that a single run reads is prepared by that run: nobody shares it.
    if (source.runs.length === 1) continue;
    const failure = await prepareOne(source, context, ways);
    if (failure === undefined) continue;
    for (const job of jobs.filter(({ id }) => source.runs.includes(id))) end(job, await recordFailure(job, failure));
  }
  const ready = jobs.filter(({ id }) => !outcomes.has(id));
  const left = new Set(ready);
  const threadsOfRun = (): number =>
    threadsOfEach(ways.cores, mostAtATime(ways.lendsIdleCores ? [...left] : ready, ways));
  const share = createProcessorShare(threadsOfRun());
  await inSlots(ready, ways, async (job, gpu) => {
    if (context.signal.aborted) end(job, { id: job.id, outcome: "interrupted" });
    else if (gpu instanceof Error) end(job, await recordFailure(job, failureOf(gpu)));
    else {
      context.events.runStarted(job);
      end(job, await ways.execute(job, context, { share, gpu }));
    }
    left.delete(job);
    share.set(threadsOfRun());
  });
  return jobs.map(({ id }) => outcomes.get(id) ?? { id, outcome: "interrupted" });
}

/** How many of these runs may execute at the same time. */
function mostAtATime(jobs: readonly RunJob[], { slots, gpus }: Ways): number {
  const onGpu = jobs.filter(({ gpu }) => gpu !== undefined).length;
  return Math.min(slots, jobs.length - onGpu + Math.min(onGpu, gpus?.numSlots ?? onGpu));
}

async function prepareOne(source: SourceJob, context: ExecutorContext, ways: Ways): Promise<Failure | undefined> {
  try {
    const share = createProcessorShare(ways.cores);
    const gpu = source.gpu === undefined ? undefined : ways.gpus?.take(source.gpu);
    try {
      await ways.prepare(source, context, { share, gpu });
    } finally {
      if (gpu !== undefined) ways.gpus?.release(gpu);
    }
    context.events.sourceReady(source);
    return undefined;
  } catch (error) {
    // Stopping is not a failure of the source: its runs end as interrupted.
    return context.signal.aborted ? undefined : failureOf(error);
  }
}

/**
 * Records, as an attempt of its own, why a run could not start, so that `status` can tell.
 * @returns The outcome of the job.
 */
async function recordFailure(job: RunJob, failure: Failure): Promise<RunOutcome> {
  try {
    const attempt = beginAttempt(job.folder);
    await endAttempt(attempt, { outcome: "failed", failure });
    return { id: job.id, outcome: "failed", failure };
  } catch (error) {
    return { id: job.id, outcome: "failed", failure: failureOf(error) };
  }
}

/**
 * Does `work` on every run, at most `slots` at a time. They start in order, but for this: a run whose GPU is free goes
 * before those that need none, and they go before one whose GPU is taken. So neither the GPUs nor the cores wait for
 * the other.
 * @param work Told the GPU that the run has meanwhile, or why it can have none.
 */
async function inSlots(
  jobs: readonly RunJob[],
  { slots, gpus }: Ways,
  work: (job: RunJob, gpu: AssignedGpu | Error | undefined) => Promise<void>,
): Promise<void> {
  const waiting = [...jobs];
  let wake: (() => void)[] = [];
  const startable = (): { readonly index: number; readonly gpu?: AssignedGpu | Error } | undefined => {
    for (const [index, job] of waiting.entries()) {
      if (job.gpu === undefined || gpus === undefined) continue;
      const gpu = takeGpu(gpus, job.gpu);
      if (gpu !== undefined) return { index, gpu };
    }
    const index = waiting.findIndex(({ gpu }) => gpu === undefined || gpus === undefined);
    return index < 0 ? undefined : { index };
  };
  const serve = async (): Promise<void> => {
    while (waiting.length > 0) {
      const next = startable();
      const [job] = next === undefined ? [] : waiting.splice(next.index, 1);
      if (job === undefined) {
        // Whoever has the GPU wakes us.
        await new Promise<void>((resolve) => wake.push(resolve));
        continue;
      }
      try {
        await work(job, next?.gpu);
      } finally {
        if (next?.gpu !== undefined && !(next.gpu instanceof Error)) gpus?.release(next.gpu);
        for (const resolve of wake) resolve();
        wake = [];
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(slots, jobs.length) }, serve));
}

/** @returns `undefined` while all that fit are taken, and why where none fits. */
function takeGpu(gpus: GpuSlots, wish: GpuWish): AssignedGpu | Error | undefined {
  try {
    return gpus.take(wish);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
