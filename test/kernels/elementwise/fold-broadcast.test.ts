import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { foldBroadcast, type FoldedBroadcast } from "../../../kernels/elementwise/fold-broadcast.ts";
import { suite } from "../../suite.ts";

/** Which flat positions of both operands the entries of the result are computed from. */
function positions({ outer, inner, repeats }: FoldedBroadcast): (readonly [number, number])[] {
  const [aHasOuter, aHasInner, bHasOuter, bHasInner] = repeats;
  const at = (i: number, j: number, hasOuter: boolean, hasInner: boolean): number =>
    (hasOuter ? i * (hasInner ? inner : 1) : 0) + (hasInner ? j : 0);
  return Array.from({ length: outer * inner }, (_, flat) => {
    const [i, j] = [Math.floor(flat / inner), flat % inner];
    return [at(i, j, aHasOuter, aHasInner), at(i, j, bHasOuter, bHasInner)] as const;
  });
}

/** The same by the definition of broadcasting, coordinate by coordinate. */
function definedPositions(a: readonly number[], b: readonly number[], shape: readonly number[]): [number, number][] {
  const size = shape.reduce((product, length) => product * length, 1);
  const flatIn = (operand: readonly number[], coordinates: readonly number[]): number =>
    operand.reduce((flat, length, axis) => {
      const at = coordinates[axis + coordinates.length - operand.length]!;
      return flat * length + (length === 1 ? 0 : at);
    }, 0);
  return Array.from({ length: size }, (_, flat) => {
    const coordinates: number[] = [];
    let rest = flat;
    for (const length of [...shape].reverse()) {
      coordinates.unshift(rest % length);
      rest = Math.floor(rest / length);
    }
    return [flatIn(a, coordinates), flatIn(b, coordinates)];
  });
}

/** Every shape of up to `rank` axes whose sizes are 1, 2 or 3. */
function shapesUpTo(rank: number): number[][] {
  if (rank === 0) return [[]];
  const fewer = shapesUpTo(rank - 1);
  const longest = fewer.filter((shape) => shape.length === rank - 1);
  return [...fewer, ...longest.flatMap((shape) => [1, 2, 3].map((size) => [...shape, size]))];
}

suite("folded broadcasting", (test) => {
  test("folds what elementwise operations mostly need", () => {
    const folds = (a: number[], b: number[]): unknown => {
      const folded = foldBroadcast(a, b);
      return folded && [folded.outer, folded.inner, ...folded.repeats.map(Number)].join();
    };
    assert.is(folds([4, 3], [4, 3]), "1,12,0,1,0,1", "alike");
    assert.is(folds([4, 3], []), "1,12,0,1,0,0", "a scalar");
    assert.is(folds([1, 1], [4, 3]), "1,12,0,0,0,1", "a number on the left");
    assert.is(folds([4, 3, 2], [2]), "12,2,1,1,0,1", "a bias");
    assert.is(folds([4, 3, 2], [4, 1, 1]), "4,6,1,1,1,0", "a column");
    assert.is(folds([4, 1], [1, 3]), "4,3,1,0,0,1", "an outer product");
    assert.is(folds([], []), "1,1,0,1,0,1", "two scalars");
  });

  test("means what broadcasting means, for all pairs of shapes of up to three axes", () => {
    const shapes = shapesUpTo(3);
    let folded = 0;
    for (const a of shapes) {
      for (const b of shapes) {
        const fold = foldBroadcast(a, b);
        if (fold === undefined) continue;
        folded += 1;
        assert.equal(fold.shape, tf.broadcast_util.assertAndGetBroadcastShape(a, b));
        assert.equal(positions(fold), definedPositions(a, b, fold.shape), `[${a.join()}] and [${b.join()}]`);
      }
    }
    assert.is(shapes.length, 40);
    assert.ok(folded > 500, `${folded} pairs`);
  });

  test("leaves what needs three axes", () => {
    for (const [a, b] of [
      [
        [4, 3, 2],
        [4, 1, 2],
      ],
      [
        [4, 3, 2],
        [1, 3, 1],
      ],
      [
        [2, 1, 2, 1, 2],
        [2, 2, 2, 2, 2],
      ],
    ] as const) {
      assert.is(foldBroadcast(a, b), undefined);
      assert.is(foldBroadcast(b, a), undefined);
    }
  });

  test("leaves shapes that do not fit each other, and empty ones", () => {
    assert.is(foldBroadcast([4, 3], [4]), undefined);
    assert.is(foldBroadcast([2], [3]), undefined);
    assert.is(foldBroadcast([0], [1]), undefined);
    assert.is(foldBroadcast([1], [3, 0]), undefined);
    assert.is(foldBroadcast([0, 3], [0, 3]), undefined);
  });
});
