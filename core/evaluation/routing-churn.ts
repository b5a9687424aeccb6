/** How much a routing moved between moments of training, over the rows of the routing probe. */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- numeric loops with proven bounds */
import type { RoutingMoment } from "./contracts.ts";

/**
 * Share of rows whose set of experts differs between two moments.
 * @throws RangeError when the moments are of different probes
 */
export function changedShare(a: RoutingMoment, b: RoutingMoment): number {
  if (a.numRows !== b.numRows || a.experts_NR.length !== b.experts_NR.length) {
    throw new RangeError(
      `the routing of step ${a.step} is of ${a.experts_NR.length} choices, that of step ${b.step} of ${b.experts_NR.length}`,
    );
  }
  const numSelected = a.experts_NR.length / a.numRows;
  let changed = 0;
  for (let row = 0; row < a.numRows; row++) {
    // Ascending in a row, so equal sets are equal lists.
    for (let i = row * numSelected; i < (row + 1) * numSelected; i++) {
      if (a.experts_NR[i]! === b.experts_NR[i]!) continue;
      changed += 1;
      break;
    }
  }
  return changed / a.numRows;
}

export interface ChurnMoment {
  readonly step: number;
  /** Share of rows that went elsewhere at the moment before; left out for the first. */
  readonly sincePrevious?: number;
  /** Share of rows that go elsewhere at the last moment. */
  readonly untilLast: number;
}

/** @param moments In order of steps. */
export function churnOf(moments: readonly RoutingMoment[]): readonly ChurnMoment[] {
  const last = moments.at(-1);
  if (last === undefined) return [];
  return moments.map((moment, i) => {
    const previous = moments[i - 1];
    return {
      step: moment.step,
      ...(previous === undefined ? {} : { sincePrevious: changedShare(previous, moment) }),
      untilLast: changedShare(moment, last),
    };
  });
}
