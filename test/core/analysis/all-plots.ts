/** Every plot that comes with Switchyard, by its name, as a report receives them. */
import type { Plot } from "../../../core/analysis/contracts.ts";
import { duplication } from "../../../plugins/plot/duplication.ts";
import { expertLoad } from "../../../plugins/plot/expert-load.ts";
import { lossCurves } from "../../../plugins/plot/loss-curves.ts";
import { mseFlops } from "../../../plugins/plot/mse-flops.ts";
import { mseL0 } from "../../../plugins/plot/mse-l0.ts";
import { mseSeconds } from "../../../plugins/plot/mse-seconds.ts";

export async function allPlots(): Promise<readonly (readonly [name: string, plot: Plot])[]> {
  return [
    [lossCurves.name, await lossCurves.create({ maxPoints: 300 }, {})],
    [mseL0.name, await mseL0.create({}, {})],
    [mseFlops.name, await mseFlops.create({}, {})],
    [mseSeconds.name, await mseSeconds.create({}, {})],
    [expertLoad.name, await expertLoad.create({}, {})],
    [duplication.name, await duplication.create({}, {})],
  ];
}
