/** Looks at every run with every signature, and says what it saw and what it could not look at. */
import { readExit } from "../../run/attempts.ts";
import { listAttempts } from "../../run/layout.ts";
import type { RunSummary } from "../../run/run-summary.ts";
import type { DiagnosedRun, Finding, Severity } from "./contracts.ts";
import { signatures } from "./signatures.ts";

export interface Diagnosis {
  readonly run: RunSummary;
  /** Worst first. */
  readonly findings: readonly Finding[];
  /** Signatures that the run left too little for, and what is missing. */
  readonly unknown: readonly { readonly signature: string; readonly missing: string }[];
}

export const severities: readonly Severity[] = ["problem", "warning", "note"];

/** Pure. @param sweep All runs to compare with, these among them. */
export function diagnoseRuns(
  runs: readonly DiagnosedRun[],
  sweep: readonly DiagnosedRun[] = runs,
): readonly Diagnosis[] {
  return runs.map((diagnosed) => {
    const findings: Finding[] = [];
    const unknown: { signature: string; missing: string }[] = [];
    for (const signature of signatures) {
      const { name, thresholds } = signature;
      const result = signature.look(diagnosed, sweep);
      if (result.kind === "unknown") unknown.push({ signature: name, missing: result.missing });
      if (result.kind !== "seen") continue;
      const { severity, summary, numbers, changes } = result;
      const values = Object.fromEntries(Object.entries(thresholds).map(([key, { value }]) => [key, value]));
      findings.push({ signature: name, severity, summary, numbers, thresholds: values, changes });
    }
    const rank = (finding: Finding): number => severities.indexOf(finding.severity);
    return { run: diagnosed.run, findings: findings.sort((a, b) => rank(a) - rank(b)), unknown };
  });
}

/** With how the attempts of each run failed, from its folder. @throws SwitchyardError RUN_FOLDER_BROKEN */
export function withFailures(runs: readonly RunSummary[]): readonly DiagnosedRun[] {
  return runs.map((run) => ({
    run,
    failures: listAttempts(run.folder).flatMap((attempt) => readExit(run.folder, attempt)?.failure ?? []),
  }));
}
