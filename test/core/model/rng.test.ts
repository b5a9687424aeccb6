import * as assert from "uvu/assert";
import { createRng } from "../../../core/model/rng.ts";
import { suite } from "../../suite.ts";

suite("rng", (test) => {
  test("gives the same numbers for the same seed and name", () => {
    const first = createRng(3).stream("data");
    const second = createRng(3).stream("data");
    for (let i = 0; i < 100; i++) assert.is(first.uniform(), second.uniform());
  });
  test("gives different numbers for another name or another seed", () => {
    const draws = [createRng(3).stream("data"), createRng(3).stream("init"), createRng(4).stream("data")];
    assert.is(new Set(draws.map((stream) => stream.uniform())).size, 3);
  });
  test("draws integers in range, each about equally often", () => {
    const counts = new Array<number>(7).fill(0);
    const stream = createRng(0).stream("dice");
    for (let i = 0; i < 70_000; i++) {
      const drawn = stream.integer(7);
      counts[drawn] = (counts[drawn] ?? 0) + 1;
    }
    // Standard deviation of a count is 93.
    for (const count of counts) assert.ok(Math.abs(count - 10_000) < 500, `${count}`);
  });
  test("draws normals with mean 0 and variance 1", () => {
    const stream = createRng(1).stream("normal");
    let sum = 0;
    let squares = 0;
    const n = 100_000;
    for (let i = 0; i < n; i++) {
      const x = stream.normal();
      sum += x;
      squares += x * x;
    }
    assert.ok(Math.abs(sum / n) < 0.02);
    assert.ok(Math.abs(squares / n - 1) < 0.03);
  });
});
