/**
 * Where the wall-clock of a sweep went, from the times that its run folders hold. All times are milliseconds since the
 * epoch, durations milliseconds.
 *
 *   plan       the command's start until its run folders are made: process, config, digests, plan
 *   source     from there until the activations are in the cache: a worker process, tokens, the language model, harvest
 *   runs       from there until the last run ended, several at a time
 *   end        from there until the command ended: report and table
 *
 * and each run, from when a place was free for it:
 *
 *   process    until its attempt began: a worker process and its code
 *   setup      until its first step: device, source, model
 *   training   until its evaluation began; `steps` of it are the training steps themselves, by their own clock
 *   evaluation until its attempt ended
 */

/** What the folder of one run tells. */
export interface RunTimes {
  readonly name: string;
  readonly startedAt: number;
  readonly trainingAt: number;
  readonly evaluatingAt: number;
  readonly endedAt: number;
  /** Sum over all steps. */
  readonly stepsMs: number;
  readonly numSteps: number;
}

export interface SweepTimes {
  readonly startedAt: number;
  readonly plannedAt: number;
  readonly sourceReadyAt: number;
  readonly endedAt: number;
  /** At least one. */
  readonly runs: readonly RunTimes[];
}

/** Summed over the runs; where several run at a time, more than passed on the wall. */
export interface RunParts {
  readonly process: number;
  readonly setup: number;
  readonly training: number;
  readonly steps: number;
  readonly evaluation: number;
}

export interface SweepParts {
  readonly total: number;
  readonly plan: number;
  readonly source: number;
  readonly runs: number;
  readonly end: number;
  readonly ofRuns: RunParts;
  /** Runs at a time, at most. */
  readonly slots: number;
  /**
   * What training takes beside its steps, as a share of the steps:
   * (training - steps) / steps, both summed over the runs. Data, log lines, checkpoints and the first batch.
   */
  readonly trainingOverhead: number;
}

export function partsOf(times: SweepTimes): SweepParts {
  const { startedAt, plannedAt, sourceReadyAt, endedAt, runs } = times;
  const lastRunAt = Math.max(...runs.map((run) => run.endedAt));
  const slots = mostAtATime(runs);
  const sum = (part: (run: RunTimes) => number): number => runs.reduce((total, run) => total + part(run), 0);
  const ofRuns = {
    process: processMs(runs, { slots, freeFrom: sourceReadyAt }),
    setup: sum((run) => run.trainingAt - run.startedAt),
    training: sum((run) => run.evaluatingAt - run.trainingAt),
    steps: sum((run) => run.stepsMs),
    evaluation: sum((run) => run.endedAt - run.evaluatingAt),
  };
  return {
    total: endedAt - startedAt,
    plan: plannedAt - startedAt,
    source: sourceReadyAt - plannedAt,
    runs: lastRunAt - sourceReadyAt,
    end: endedAt - lastRunAt,
    ofRuns,
    slots,
    trainingOverhead: (ofRuns.training - ofRuns.steps) / ofRuns.steps,
  };
}

/** The n-th run to start waited for a place: the first ones have one from the beginning, each other when a run ends. */
function processMs(
  runs: readonly RunTimes[],
  { slots, freeFrom }: { readonly slots: number; readonly freeFrom: number },
): number {
  const starts = runs.map(({ startedAt }) => startedAt).sort((a, b) => a - b);
  const ends = runs.map(({ endedAt }) => endedAt).sort((a, b) => a - b);
  return starts.reduce((total, start, n) => total + start - (n < slots ? freeFrom : (ends[n - slots] ?? start)), 0);
}

function mostAtATime(runs: readonly RunTimes[]): number {
  const atWork = runs.map(
    ({ startedAt }) => runs.filter((r) => r.startedAt <= startedAt && r.endedAt > startedAt).length,
  );
  return Math.max(...atWork);
}

/**
 * The moments in a run's log, whose lines begin with an ISO time: when training and when evaluation began.
 * @throws Error when the log does not tell.
 */
export function readLogTimes(log: string): Pick<RunTimes, "trainingAt" | "evaluatingAt"> {
  const at = (event: RegExp): number => {
    const line = log.split("\n").find((text) => event.test(text));
    const time = Date.parse(line?.split(" ", 1)[0] ?? "");
    if (Number.isNaN(time)) throw new Error(`the log has no line like ${event.source}`);
    return time;
  };
  return { trainingAt: at(/^\S+ training \d+ steps/), evaluatingAt: at(/^\S+ evaluating$/) };
}

/** The device in a run's log; undefined when it has no such line. */
export function readLogDevice(log: string): string | undefined {
  return /^\S+ device (.+)$/m.exec(log)?.[1];
}
