/** The report of runs, with the plots that their config names. */
import { writeReport } from "../analysis/report/write-report.ts";
import type { RunSummary } from "../run/run-summary.ts";
import { buildPlots } from "./composition-root.ts";
import type { OpenProject } from "./composition-root.ts";

/**
 * @param file Absolute.
 * @param runs At least one; the first one's config names the plots.
 */
export async function writeSweepReport(
  opened: Pick<OpenProject, "catalogue" | "project">,
  file: string,
  runs: readonly RunSummary[],
): Promise<void> {
  const [first] = runs;
  if (first === undefined) return;
  const plots = await buildPlots(opened, first.config);
  await writeReport({ runs, plots, file, title: [...new Set(runs.map(({ sweep }) => sweep))].join(", ") });
}
