/** What can be read of a run from its folder; every table, plot and listing is made from these. */
import type { RunConfig } from "../config/config.ts";
import type { ModelShape } from "../model/contracts.ts";
import type { StepRecord } from "../training/contracts.ts";

export type RunState = "pending" | "running" | "interrupted" | "failed" | "done";

export interface RunSummary {
  /** 12 hex digits. */
  readonly id: string;
  /** Readable and unique in its sweep: "router=switch-experts=8". */
  readonly name: string;
  readonly sweep: string;
  /** Absolute. */
  readonly folder: string;
  readonly state: RunState;
  readonly config: RunConfig;
  readonly shape: ModelShape;
  /** Swept path -> value of this run. */
  readonly axes: Readonly<Record<string, unknown>>;
  /** `<evaluator>/<metric>` -> value; empty until evaluated. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Evaluator -> artefact name -> value. */
  readonly artefacts: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Logged steps in order, the latest attempt's line where a resumed run logged a step twice. */
  readonly steps: readonly StepRecord[];
  /** Why the last attempt failed, when it did. */
  readonly failure?: { readonly code: string; readonly message: string };
}
