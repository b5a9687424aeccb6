/**
 * What a command may touch of the outside: standard output for results, standard error for everything else. Tests
 * hand in their own.
 */

export interface Io {
  /** Absolute folder that relative words start at. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Results: what a pipe or a file receives. */
  out(text: string): void;
  /** Progress and diagnostics. */
  err(text: string): void;
  /** Whether standard error is a terminal that a progress bar can redraw. */
  readonly isTerminal: boolean;
  /** Width of the terminal in columns; undefined for a pipe. */
  readonly columns: number | undefined;
}

export function processIo(): Io {
  return {
    cwd: process.cwd(),
    env: process.env,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    isTerminal: process.stderr.isTTY && process.env["TERM"] !== "dumb",
    columns: process.stdout.isTTY ? process.stdout.columns : undefined,
  };
}

/** `head` closes the pipe when it has seen enough: that is no error of ours. */
export function endQuietlyOnClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(process.exitCode ?? 0);
      throw error;
    });
  }
}
