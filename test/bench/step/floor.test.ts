import * as assert from "uvu/assert";
import { bytesOf, floorOf, workOf } from "../../../bench/step/floor.ts";
import { suite } from "../../suite.ts";

const paper = { B: 4096, D: 768, F: 24576, K: 32 };

suite("the floor of a step", (test) => {
  test("counts every term of its formula", () => {
    const { flops, bytes } = workOf({ B: 10, D: 3, F: 20, E: 4, K: 2 });
    assert.equal(flops, { router: 3 * 2 * 10 * 3 * 4, encode: 2 * 10 * 5 * 3, sparse: 4 * 2 * 10 * 2 * 3 });
    assert.equal(bytes, {
      update: 4 * 12 * 20 * 3,
      normalise: 4 * 2 * 20 * 3,
      gathers: 4 * 6 * 10 * 2 * 3,
      activations: 4 * 6 * 10 * 3,
    });
  });

  test("has no router with one expert", () => {
    assert.is(workOf({ ...paper, E: 1 }).flops.router, 0);
  });

  test("has an E-th of the encoder's arithmetic at equal width, and all of the memory", () => {
    const [one, many] = [workOf({ ...paper, E: 1 }), workOf({ ...paper, E: 16 })];
    assert.is(one.flops.encode, 16 * many.flops.encode);
    assert.equal(one.bytes, many.bytes);
  });

  test("has the same encoder's arithmetic at equal FLOPs", () => {
    assert.is(workOf({ ...paper, E: 1 }).flops.encode, workOf({ ...paper, F: 8 * paper.F, E: 8 }).flops.encode);
  });

  test("takes arithmetic and memory one after the other, in milliseconds", () => {
    const work = {
      flops: { router: 1e9, encode: 2e9, sparse: 3e9 },
      bytes: { update: 4e9, normalise: 1e9, gathers: 2e9, activations: 3e9 },
    };
    const floor = floorOf(work, { flopsPerSecond: 6e9, bytesPerSecond: 4e9 });
    assert.equal(floor, { totalMs: 3500, arithmeticMs: 1000, streamsMs: 2000, gathersMs: 500, memoryMs: 2500 });
    assert.is(bytesOf(work), 10e9);
  });
});
