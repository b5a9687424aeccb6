/**
 * The order in which a sweep executes, whatever executes it: every shared source once, then every run whose source is
 * ready, in slots. A failing source or run neither stops nor hides the others. The cores are divided among the runs
 * that execute at the same time, the same number to each; a source is prepared alone, and has them all.
 */
import { beginAttempt, endAttempt } from "./attempts.ts";
import type { Failure } from "./attempts.ts";
import type { ExecutorContext, ProcessorShare, RunJob, RunOutcome, SourceJob } from "./contracts.ts";
import { failureOf } from "./failure.ts";
import { createProcessorShare, threadsOfEach } from "./processor-share.ts";

/** How one executor does the two kinds of work. */
export interface Ways {
  /** Runs at a time. */
  readonly slots: number;
  /** Threads for all that is done at the same time. */
  readonly cores: number;
  /**
   * Whether the cores of runs that ended go to those that are left. The sweep then ends sooner, and the seconds of its
   * last runs can no longer be compared with the others'.
   */
  readonly lendsIdleCores: boolean;
  /** @throws when the source cannot be prepared */
  prepare(source: SourceJob, context: ExecutorContext, threads: number): Promise<void>;
  /** Never rejects for a run that fails. */
  execute(job: RunJob, context: ExecutorContext, share: ProcessorShare): Promise<RunOutcome>;
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
  let numLeft = ready.length;
  const threadsOfRun = (): number =>
    threadsOfEach(ways.cores, Math.min(ways.slots, ways.lendsIdleCores ? numLeft : ready.length));
  const share = createProcessorShare(threadsOfRun());
  await inSlots(ready, ways.slots, async (job) => {
    if (context.signal.aborted) {
      end(job, { id: job.id, outcome: "interrupted" });
      return;
    }
    context.events.runStarted(job);
    end(job, await ways.execute(job, context, share));
    numLeft -= 1;
    share.set(threadsOfRun());
  });
  return jobs.map(({ id }) => outcomes.get(id) ?? { id, outcome: "interrupted" });
}

async function prepareOne(source: SourceJob, context: ExecutorContext, ways: Ways): Promise<Failure | undefined> {
  try {
    await ways.prepare(source, context, ways.cores);
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

/** Does `work` on every item, at most `slots` at a time, starting them in order. */
async function inSlots<T>(items: readonly T[], slots: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const serve = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(slots, items.length) }, serve));
}
