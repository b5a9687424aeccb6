import * as assert from "uvu/assert";
import { goalsOf } from "../../../bench/peers/goals.ts";
import { suite } from "../../suite.ts";

const size = { B: 8192, D: 768, F: 24576, E: 16, K: 32 };
const card = { isSoftware: false };

suite("goals of a step on a card", (test) => {
  test("are met from their limits on", () => {
    const judge = (paperE16: number, memoryE16: number): boolean[] =>
      goalsOf({ sizes: [size], ratios: { paperE16, memoryE16 }, peerDevice: "cuda", gpu: card }).map(
        ({ isMet }) => isMet,
      );
    assert.equal(judge(5, 2.5), [true, true]);
    assert.equal(judge(4.9, 2.6), [false, false]);
    assert.equal(judge(Number.NaN, Number.NaN), [false, false]);
  });

  test("are not judged without a card, without CUDA, at another size, or of what was not measured", () => {
    const given = { sizes: [size], ratios: { paperE16: 9, memoryE16: 1 }, peerDevice: "cuda", gpu: card } as const;
    assert.is(goalsOf(given).length, 2);
    assert.equal(goalsOf({ ...given, gpu: undefined }), []);
    assert.equal(goalsOf({ ...given, gpu: { isSoftware: true } }), []);
    assert.equal(goalsOf({ ...given, peerDevice: "cpu" }), []);
    assert.equal(goalsOf({ ...given, sizes: [{ ...size, B: 64 }] }), []);
    assert.is(goalsOf({ ...given, ratios: { memoryE16: 1 } }).length, 1);
  });
});
