/**
 * Problems of the runs of a sweep, each told once. A mistake outside the sweep is in every run; one that the sweep
 * brings is in some, and then the message names them.
 */
import type { Diagnostic } from "../config/diagnostic.ts";

export class ProblemLog {
  readonly #numRuns: number;
  readonly #found = new Map<string, { readonly diagnostic: Diagnostic; readonly runs: string[] }>();

  constructor(numRuns: number) {
    this.#numRuns = numRuns;
  }

  /** @param run Name of the run. */
  add(run: string, diagnostics: readonly Diagnostic[]): void {
    for (const diagnostic of diagnostics) {
      const { code, where, path } = diagnostic;
      const key = JSON.stringify([code, where, path]);
      const known = this.#found.get(key);
      if (known === undefined) this.#found.set(key, { diagnostic, runs: [run] });
      else if (known.runs.at(-1) !== run) known.runs.push(run);
    }
  }

  diagnostics(): readonly Diagnostic[] {
    return [...this.#found.values()].map(({ diagnostic, runs }) =>
      runs.length === this.#numRuns ? diagnostic : { ...diagnostic, runs },
    );
  }
}
