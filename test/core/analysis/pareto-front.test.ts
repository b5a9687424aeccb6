import * as fc from "fast-check";
import * as assert from "uvu/assert";
import { paretoFront } from "../../../core/analysis/pareto-front.ts";
import type { Point } from "../../../core/analysis/pareto-front.ts";
import { suite } from "../../suite.ts";

/** The definition: every point that no other point dominates. */
function bruteForce(points: readonly Point[]): readonly Point[] {
  const dominates = (a: Point, b: Point): boolean => a.x <= b.x && a.y <= b.y && (a.x < b.x || a.y < b.y);
  return points.filter((point) => !points.some((other) => dominates(other, point)));
}

suite("paretoFront", (test) => {
  test("keeps what is not beaten in both values", () => {
    const points = [
      { x: 3, y: 1 },
      { x: 1, y: 3 },
      { x: 2, y: 2 },
      { x: 3, y: 3 },
      { x: 2, y: 4 },
    ];
    assert.equal(paretoFront(points), [
      { x: 1, y: 3 },
      { x: 2, y: 2 },
      { x: 3, y: 1 },
    ]);
  });

  test("of points with one x, keeps the lowest", () => {
    assert.equal(
      paretoFront([
        { x: 1, y: 5 },
        { x: 1, y: 2 },
        { x: 1, y: 3 },
      ]),
      [{ x: 1, y: 2 }],
    );
  });

  test("of points with one y, keeps the leftmost", () => {
    assert.equal(
      paretoFront([
        { x: 3, y: 2 },
        { x: 1, y: 2 },
      ]),
      [{ x: 1, y: 2 }],
    );
  });

  test("keeps equal points, which do not dominate each other", () => {
    assert.is(
      paretoFront([
        { x: 1, y: 1 },
        { x: 1, y: 1 },
      ]).length,
      2,
    );
  });

  test("is empty for no points and leaves its input alone", () => {
    assert.equal(paretoFront([]), []);
    const points = [
      { x: 2, y: 1 },
      { x: 1, y: 2 },
    ];
    paretoFront(points);
    assert.equal(points, [
      { x: 2, y: 1 },
      { x: 1, y: 2 },
    ]);
  });

  test("agrees with the definition on random points, many of them tied", () => {
    const point = fc.record({ x: fc.integer({ min: 0, max: 6 }), y: fc.integer({ min: 0, max: 6 }) });
    fc.assert(
      fc.property(fc.array(point, { maxLength: 40 }), (points) => {
        const front = paretoFront(points);
        assert.equal(new Set(front), new Set(bruteForce(points)));
        assert.is(front.length, bruteForce(points).length);
        front.forEach((p, i) => {
          assert.ok(i === 0 || front[i - 1]!.x <= p.x, "ascending x");
        });
      }),
      { numRuns: 500, seed: 1 },
    );
  });
});
