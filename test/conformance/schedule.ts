/** What every schedule must do. */
import type { AnyPlugin } from "../../core/plugin/define-plugin.ts";
import { expect, withoutSkipped, type ConformanceCase } from "./conformance-case.ts";
import { plainShape } from "./made-up-batch.ts";
import { definitionCases, withPlugin, type ConformanceOptions } from "./workbench.ts";

const lengths = [1, 2, 10, 1_000] as const;

/**
 * @param plugin A schedule plugin.
 * @example for (const { name, run } of scheduleConformance(mySchedule)) test(name, run);
 */
export function scheduleConformance(plugin: AnyPlugin, given: ConformanceOptions = {}): readonly ConformanceCase[] {
  const multipliers = (body: (at: (step: number, total: number) => number) => void): Promise<void> =>
    withPlugin<"schedule">(plugin, given, { shape: plainShape }, ({ instance }) => {
      body((step, total) => instance.multiplier(step, total));
    });
  const eachStep = (check: (multiplier: number, step: number, total: number) => void): Promise<void> =>
    multipliers((at) => {
      for (const total of lengths) for (let step = 0; step < total; step += 1) check(at(step, total), step, total);
    });
  const cases: readonly ConformanceCase[] = [
    ...definitionCases(plugin, "schedule"),
    {
      name: "gives a finite multiplier that is not negative, at every step",
      run: () =>
        eachStep((multiplier, step, total) => {
          const isRight = Number.isFinite(multiplier) && multiplier >= 0;
          expect(isRight, `multiplier at step ${step} of ${total}`, "finite, 0 or more", String(multiplier));
        }),
    },
    {
      name: "trains at some step of every length",
      run: () =>
        multipliers((at) => {
          for (const total of lengths) {
            const all = Array.from({ length: total }, (_unused, step) => at(step, total));
            expect(
              all.some((multiplier) => multiplier > 0),
              `multipliers of ${total} steps`,
              "some above 0",
              "none",
            );
          }
        }),
    },
    {
      name: "gives the same multiplier at the same step again, in any order",
      run: () =>
        multipliers((at) => {
          const forward = Array.from({ length: 100 }, (_unused, step) => at(step, 100));
          for (let step = 99; step >= 0; step -= 1) {
            expect(at(step, 100) === forward[step], `multiplier at step ${step}`, String(forward[step]), at(step, 100));
          }
        }),
    },
  ];
  return withoutSkipped(cases, given.skip);
}
