import * as fc from "fast-check";
import * as assert from "uvu/assert";
import { Clusters } from "../../../core/evaluation/clusters.ts";
import { suite } from "../../suite.ts";

/** Components by walking the graph from every node that was not met yet. */
function componentsOf(size: number, edges: readonly (readonly [number, number])[]): number {
  const met = new Set<number>();
  let count = 0;
  for (let start = 0; start < size; start++) {
    if (met.has(start)) continue;
    count += 1;
    const open = [start];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (met.has(node)) continue;
      met.add(node);
      for (const [a, b] of edges) {
        if (a === node) open.push(b);
        if (b === node) open.push(a);
      }
    }
  }
  return count;
}

suite("clusters", (test) => {
  test("start apart, and join once", () => {
    const clusters = new Clusters(4);
    assert.equal([clusters.size, clusters.count], [4, 4]);
    clusters.join(3, 1);
    clusters.join(1, 3);
    clusters.join(2, 2);
    assert.is(clusters.count, 3);
    clusters.join(0, 1);
    clusters.join(0, 3);
    assert.is(clusters.count, 2);
  });

  test("are the connected components of any graph", () => {
    const graph = fc
      .integer({ min: 1, max: 30 })
      .chain((size) =>
        fc.tuple(
          fc.constant(size),
          fc.array(fc.tuple(fc.nat({ max: size - 1 }), fc.nat({ max: size - 1 })), { maxLength: 40 }),
        ),
      );
    fc.assert(
      fc.property(graph, ([size, edges]) => {
        const clusters = new Clusters(size);
        for (const [a, b] of edges) clusters.join(a, b);
        assert.is(clusters.count, componentsOf(size, edges));
      }),
      { numRuns: 100, seed: 11 },
    );
  });
});
