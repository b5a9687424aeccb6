/** The report of runs, with the plots that their config names. */
import { writeReport } from "../analysis/report/write-report.ts";
import type { RunSummary } from "../run/run-summary.ts";
import { buildPlots } from "./composition-root.ts";
import type { OpenProject } from "./composition-root.ts";

/**
 * @param file Absolute.
 * @param runs At least one; the first one's config names the plots.
 * @param numFeatures Features shown of a run whose features were looked at.
 */
export async function writeSweepReport(
  opened: Pick<OpenProject, "catalogue" | "project">,
  file: string,
  runs: readonly RunSummary[],
  numFeatures?: number,
): Promise<void> {
  const [first] = runs;
  if (first === undefined) return;
  const plots = await buildPlots(opened, first.config);
  await writeReport({ runs, plots, file, numFeatures, title: [...new Set(runs.map(({ sweep }) => sweep))].join(", ") });
}
