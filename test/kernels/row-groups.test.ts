import * as assert from "uvu/assert";
import { groupRows, tileRows } from "../../kernels/row-groups.ts";
import { suite } from "../suite.ts";

suite("row groups", (test) => {
  test("lists the pairs of each expert in ascending order", () => {
    const groups = groupRows(Int32Array.of(2, 0, 2, 1, 0, 2), 4);
    assert.equal(
      groups.map(({ expert, pairs }) => [expert, [...pairs]]),
      [
        [0, [1, 4]],
        [1, [3]],
        [2, [0, 2, 5]],
        [3, []],
      ],
    );
  });

  test("puts every pair into exactly one group", () => {
    const experts = Int32Array.from({ length: 1000 }, (_, i) => (i * 7919) % 13);
    const groups = groupRows(experts, 13);
    const all = groups.flatMap(({ pairs }) => [...pairs]).sort((a, b) => a - b);
    assert.equal(
      all,
      Array.from({ length: 1000 }, (_, i) => i),
    );
    for (const { expert, pairs } of groups) for (const pair of pairs) assert.is(experts[pair], expert);
  });

  test("does not change its input", () => {
    const experts = Int32Array.of(1, 0);
    groupRows(experts, 2);
    assert.equal([...experts], [1, 0]);
  });

  test("keeps tiles below the limit, but never below sixteen rows", () => {
    assert.is(tileRows(100, 10_000), 100);
    assert.is(tileRows(3, 100), 33);
    assert.is(tileRows(1_000_000, 10), 16);
  });
});
