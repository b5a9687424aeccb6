/** Diagnoses as text for a terminal. */
import type { Change, Finding, Severity } from "../analysis/diagnose/contracts.ts";
import { severities } from "../analysis/diagnose/diagnose-runs.ts";
import type { Diagnosis } from "../analysis/diagnose/diagnose-runs.ts";

/** A block a run, worst findings first. */
export function formatDiagnoses(diagnoses: readonly Diagnosis[]): string {
  const blocks = diagnoses.map(({ run, findings, unknown }) => {
    const lines = [`${run.name} (${run.state}): ${countText(findings)}`, ...findings.flatMap(findingLines)];
    for (const { signature, missing } of unknown) lines.push(`  unknown  ${signature}: needs ${missing}`);
    return lines.join("\n");
  });
  return `${blocks.join("\n\n")}\n`;
}

function countText(findings: readonly Finding[]): string {
  const counts = severities.flatMap((severity: Severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}${count === 1 ? "" : "s"}`];
  });
  return counts.length === 0 ? "nothing found" : counts.join(", ");
}

function findingLines({ severity, signature, summary, numbers, thresholds, changes }: Finding): readonly string[] {
  const list = (values: Readonly<Record<string, number>>): string =>
    Object.entries(values)
      .map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`)
      .join(", ");
  return [
    `  ${severity.padEnd(8)} ${signature}: ${summary}`,
    `             numbers     ${list(numbers)}`,
    `             thresholds  ${list(thresholds)}`,
    ...changes.map((change) => `             change      ${changeText(change)}`),
  ];
}

function changeText({ key, from, to, why }: Change): string {
  return `${key}: ${shown(from)} -> ${shown(to)} (${why})`;
}

function shown(value: unknown): string {
  return value === undefined ? "nothing" : typeof value === "string" ? value : JSON.stringify(value);
}
