/** What `switchyard diagnose` finds, in the report: warnings and problems open, notes folded away. */
import type { Finding } from "../diagnose/contracts.ts";
import { diagnoseRuns, withFailures } from "../diagnose/diagnose-runs.ts";
import type { Diagnosis } from "../diagnose/diagnose-runs.ts";
import type { RunSummary } from "../../run/run-summary.ts";
import type { RunStyles } from "../run-styles.ts";
import { escapeHtml } from "./html.ts";
import { symbolSwatch } from "./symbol-swatch.ts";

/** Empty when there is nothing to say of any run. */
export function diagnosisSection(runs: readonly RunSummary[], styles: RunStyles): string {
  const found = diagnoseRuns(withFailures(runs)).filter(({ findings }) => findings.length > 0);
  if (found.length === 0) return "";
  return `<section aria-labelledby="diagnosis-title"><h2 id="diagnosis-title">Diagnosis</h2>
${found.map((diagnosis) => runFindings(diagnosis, styles)).join("\n")}
<p class="note">By docs/diagnose.md; <code>switchyard diagnose</code> says the same with all numbers and thresholds.</p></section>`;
}

function runFindings({ run, findings }: Diagnosis, styles: RunStyles): string {
  const isSerious = findings.some(({ severity }) => severity !== "note");
  const badges = findings.map(
    ({ severity, signature }) => `<span class="badge is-${severity}">${escapeHtml(signature)}</span>`,
  );
  return (
    `<details class="findings"${isSerious ? " open" : ""}><summary>${symbolSwatch(styles.styleOf(run))}` +
    `<span class="run-name">${escapeHtml(run.name)}</span><span class="badges">${badges.join("")}</span></summary>` +
    `<ul>${findings.map(findingItem).join("")}</ul></details>`
  );
}

function findingItem({ severity, signature, summary, changes }: Finding): string {
  const advice = changes.map(
    ({ key, to, why }) => `<li><code>${escapeHtml(`${key}=${JSON.stringify(to)}`)}</code> ${escapeHtml(why)}</li>`,
  );
  return (
    `<li><b class="is-${severity}">${escapeHtml(signature)}</b> ${escapeHtml(summary)}` +
    `${advice.length === 0 ? "" : `<ul>${advice.join("")}</ul>`}</li>`
  );
}
