/** Shapes: B rows, R experts a row, E experts. */
import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { groupByExpert, mostTilesOf, tilesOfExperts, type RowRange } from "../../../kernels/webgpu/expert-groups.ts";
import { createRandomData } from "../../conformance/kernels/random-data.ts";
import { gpuSuite, inKernel, onGpu, openGpu, valuesOf } from "./gpu-suite.ts";

const tileRows = 64;

interface Routing {
  readonly experts: Int32Array;
  readonly B: number;
  readonly R: number;
  readonly E: number;
}

interface PlainGroups {
  readonly order: number[];
  readonly starts: number[];
  readonly tileStarts: number[];
}

function groupPlainly({ experts, R, E }: Routing, { first, count }: RowRange): PlainGroups {
  const part = experts.subarray(first * R, (first + count) * R);
  const groups = Array.from({ length: E }, (_, e) => [...part.keys()].filter((pair) => part[pair] === e));
  const running = (sizes: readonly number[]): number[] =>
    sizes.reduce<number[]>((sums, size) => [...sums, sums.at(-1)! + size], [0]);
  return {
    order: groups.flat(),
    starts: running(groups.map(({ length }) => length)),
    tileStarts: running(groups.map(({ length }) => Math.ceil(length / tileRows))),
  };
}

function groupOnGpu({ experts, B, R, E }: Routing, rows: RowRange): PlainGroups & { mostTiles: number } {
  return inKernel((memory) => {
    const indices_BR = onGpu(tf.tensor2d(experts, [B, R], "int32"));
    const { order, starts } = groupByExpert(memory, indices_BR, { numExperts: E, rows });
    const request = { numExperts: E, numPairs: rows.count * R, tileRows };
    const { tileStarts, mostTiles } = tilesOfExperts(memory, starts, request);
    return { order: valuesOf(order), starts: valuesOf(starts), tileStarts: valuesOf(tileStarts), mostTiles };
  });
}

gpuSuite("pairs grouped by expert", (test) => {
  const random = createRandomData(33);
  const drawn = (size: { B: number; R: number; E: number }, used?: number): Routing => ({
    ...size,
    experts: random.routing({ ...size, D: 1, F: size.E }, used),
  });

  const cases: Readonly<Record<string, { routing: Routing; rows?: RowRange }>> = {
    "one row, one expert": { routing: drawn({ B: 1, R: 1, E: 1 }) },
    "one expert a row": { routing: drawn({ B: 500, R: 1, E: 8 }) },
    "three experts a row": { routing: drawn({ B: 300, R: 3, E: 5 }) },
    "experts that get nothing": { routing: drawn({ B: 200, R: 2, E: 16 }, 3) },
    "more experts than 256": { routing: drawn({ B: 200, R: 2, E: 300 }) },
    "exactly a tile an expert, and one pair more": {
      routing: { ...{ B: 2 * tileRows + 1, R: 1, E: 2 }, experts: Int32Array.from({ length: 129 }, (_, i) => i % 2) },
    },
    "a part of the rows": { routing: drawn({ B: 300, R: 2, E: 6 }), rows: { first: 37, count: 190 } },
  };

  for (const [what, { routing, rows = { first: 0, count: routing.B } }] of Object.entries(cases)) {
    test(`are those of plain JavaScript: ${what}`, async () => {
      await openGpu();
      const { mostTiles, ...groups } = groupOnGpu(routing, rows);
      assert.equal(groups, groupPlainly(routing, rows));
      assert.ok(mostTiles >= groups.tileStarts.at(-1)!, `${mostTiles} tiles`);
    });
  }

  test("fill no more tiles than is said, when each expert but one begins a tile for one pair", () => {
    for (const [pairs, experts] of [
      [1, 1],
      [64, 1],
      [65, 1],
      [7 + 64, 8],
      [7 + 65, 8],
    ] as const) {
      const tiles = experts - 1 + Math.ceil((pairs - (experts - 1)) / tileRows);
      assert.ok(
        mostTilesOf({ numPairs: pairs, numExperts: experts, tileRows }) >= tiles,
        `${pairs} pairs, ${experts} experts`,
      );
    }
  });
});
