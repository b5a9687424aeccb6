/** What the parts of a run share while it executes. */
import type { Scope } from "../container/scope.ts";
import type { Attempt } from "./attempts.ts";
import type { RunEvent } from "./contracts.ts";
import type { ScopeInput } from "./scopes.ts";

export interface RunInProgress {
  readonly folder: string;
  readonly attempt: Attempt;
  readonly isProfiled: boolean;
  readonly input: ScopeInput;
  /** Of the run; its parent is the sweep's. */
  readonly scope: Scope;
  readonly signal: AbortSignal;
  /** Reports an event and writes what people want to read of it to the log. */
  readonly emit: (event: RunEvent) => void;
}
