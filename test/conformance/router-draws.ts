/** What routers must do that draw at random while training. */
import type { AnyPlugin } from "../../core/plugin/define-plugin.ts";
import { expect } from "./conformance-case.ts";
import { moment, withRouter, type RouterConformanceOptions } from "./router-bench.ts";

/** A resumed run builds the router again and goes on at a later step: nothing but seed and step may decide. */
export async function checkDraws(plugin: AnyPlugin, given: RouterConformanceOptions): Promise<void> {
  const read = async (seed: number, steps: readonly number[]): Promise<readonly string[]> => {
    const routings: string[] = [];
    await withRouter(plugin, given, { training: moment, seed }, ({ route, shape }) => {
      // With one expert to choose there may be nothing to draw.
      if (shape.experts - shape.sharedExperts === 1) return;
      for (const step of steps) routings.push(JSON.stringify(route({ training: { ...moment, step } })));
    });
    return routings;
  };
  const [before, third, fourth] = await read(1, [2, 3, 4]);
  const [resumed] = await read(1, [4]);
  const [other] = await read(2, [4]);
  if (before === undefined) return;
  expect(third !== fourth && before !== third, "the routing at another step", "another draw", "the same one");
  expect(
    resumed === fourth,
    "the routing of a router that starts at step 4",
    "the draw of one that got there",
    "another",
  );
  expect(other !== fourth, "the routing of a run with another seed", "another draw", "the same one");
}
