/**
 * Times of calls on a GPU, which answers late: one call takes less than waiting for it does. So a call is repeated until
 * the whole takes long enough for the wait to be lost in it.
 */

/** Repeated calls take so long together. */
const enoughMs = 100;
const mostCalls = 4096;
const tries = 2;

export interface Timed {
  /** Hands over work. */
  readonly call: () => void;
  /** Waits until all of it is done. */
  readonly finish: () => void;
}

/** Seconds of one call among many, the least of a few tries. */
export function secondsOfCall(timed: Timed): number {
  let calls = 1;
  let seconds = secondsOfCalls(calls, timed);
  while (1000 * seconds < enoughMs && calls < mostCalls) {
    calls *= 2;
    seconds = secondsOfCalls(calls, timed);
  }
  return Math.min(seconds, ...Array.from({ length: tries - 1 }, () => secondsOfCalls(calls, timed))) / calls;
}

/** Seconds of one call alone, the least of a few tries. */
export function secondsOfOne(timed: Timed): number {
  return Math.min(...Array.from({ length: tries }, () => secondsOfCalls(1, timed)));
}

/** Whether one call takes so long that repeating it tells no more. */
export function isLong(seconds: number): boolean {
  return 1000 * seconds >= enoughMs;
}

function secondsOfCalls(calls: number, { call, finish }: Timed): number {
  finish();
  const started = performance.now();
  for (let i = 0; i < calls; i++) call();
  finish();
  return (performance.now() - started) / 1000;
}
