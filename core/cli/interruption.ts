/**
 * Ctrl-C. The first one asks the runs to write a checkpoint and stop, so that the same command continues; the second
 * kills them, which loses no more than the steps since their last checkpoint.
 */

export interface Interruption {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
  /** Aborted by the second. */
  readonly killSignal: AbortSignal;
  stopListening(): void;
}

/** @param onFirst Told of the first signal, to say what happens now. */
export function listenForInterruption(onFirst: () => void): Interruption {
  const stop = new AbortController();
  const kill = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) {
      kill.abort();
      return;
    }
    stop.abort();
    onFirst();
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const name of signals) process.on(name, onSignal);
  return {
    signal: stop.signal,
    killSignal: kill.signal,
    stopListening: () => {
      for (const name of signals) process.off(name, onSignal);
    },
  };
}
