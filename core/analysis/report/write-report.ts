/**
 * Writes the report of a sweep: one HTML file with table, plots and details, that opens anywhere and asks the network
 * for nothing. Same runs, same bytes, but for the time of writing.
 */
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { SwitchyardError, messageOf } from "../../errors/switchyard-error.ts";
import type { RunSummary } from "../../run/run-summary.ts";
import type { Plot } from "../contracts.ts";
import { runStyles } from "../run-styles.ts";
import { detailsSection } from "./details-section.ts";
import { diagnosisSection } from "./diagnosis-section.ts";
import { defaultSampleLimits, sampleFeatures } from "./feature-sample.ts";
import { featuresSection } from "./features-section.ts";
import { reportPage } from "./report-page.ts";
import type { DrawnPlot } from "./report-page.ts";
import { readVegaAssets } from "./vega-assets.ts";

export interface ReportInput {
  /** In the order of the sweep's plan; pending and failed ones too. */
  readonly runs: readonly RunSummary[];
  /** Plugin name and plot. */
  readonly plots: readonly (readonly [name: string, plot: Plot])[];
  /** Where the report goes; its folder is made. */
  readonly file: string;
  /** Usually the sweep's name. */
  readonly title: string;
  /** Features shown of a run whose features were looked at. */
  readonly numFeatures?: number | undefined;
  /** Default: now. */
  readonly createdAt?: Date;
}

/**
 * Writes the report, replacing an older one in one step: a reader never sees half a page.
 * @throws SwitchyardError PLOT_FAILED when a plot throws, REPORT_ASSET_MISSING when the plotting library is not
 *   installed, RUN_FOLDER_BROKEN when a run's features cannot be read.
 */
export async function writeReport(input: ReportInput): Promise<void> {
  const { runs, file } = input;
  const styles = runStyles(runs);
  const page = reportPage({
    title: input.title,
    runs,
    plots: drawPlots(input),
    styles,
    diagnosis: diagnosisSection(runs, styles),
    features: featuresSection(
      await sampleFeatures(runs, {
        ...defaultSampleLimits,
        features: input.numFeatures ?? defaultSampleLimits.features,
      }),
    ),
    details: await detailsSection(runs, styles),
    assets: await readVegaAssets(),
    createdAt: input.createdAt ?? new Date(),
  });
  await mkdir(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, page);
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function drawPlots({ runs, plots }: ReportInput): readonly DrawnPlot[] {
  return plots.flatMap(([name, plot]) => {
    try {
      const spec = plot.spec(runs);
      return spec === undefined ? [] : [{ name, title: plot.title, caption: plot.caption, spec }];
    } catch (cause) {
      throw new SwitchyardError("PLOT_FAILED", `The plot "${name}" failed: ${messageOf(cause)}`, {
        where: `plot/${name}`,
        next: "Fix the plot or remove it from report.plots.",
        cause,
      });
    }
  });
}
