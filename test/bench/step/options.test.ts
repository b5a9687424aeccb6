import * as assert from "uvu/assert";
import { plannedSizes, readStepWords } from "../../../bench/step/options.ts";
import { reducedSize } from "../../../bench/step/size.ts";
import { suite } from "../../suite.ts";

suite("options of the step bench", (test) => {
  test("plan the paper's dictionary at all numbers of experts, by width and by FLOPs", () => {
    const sizes = plannedSizes(readStepWords([]));
    assert.equal(
      sizes.map(({ match, size }) => `${match} ${size.B} ${size.F} ${size.E}`),
      [
        ...[1, 2, 4, 8, 16, 32, 64, 128].map((E) => `width 4096 24576 ${E}`),
        ...[1, 2, 4, 8].map((E) => `flops 1024 ${24576 * E} ${E}`),
      ],
    );
    assert.ok(sizes.every(({ size }) => size.D === 768 && size.K === 32));
  });

  test("plan one, 16 and 64 experts in larger batches on a GPU, unless told otherwise", () => {
    const plannedOn = (...words: string[]): string[] =>
      plannedSizes(readStepWords(["device=webgpu", ...words])).map(({ match, size }) => `${match} ${size.B} ${size.E}`);
    assert.equal(plannedOn(), ["width 8192 1", "width 8192 16", "width 8192 64"]);
    assert.equal(plannedOn("B=64", "experts=4"), ["width 64 4"]);
    assert.is(readStepWords(["device=webgpu"]).text("adapter"), "auto");
  });

  test("take other sizes and experts", () => {
    const words = readStepWords(["match=flops", "experts=1,4", "F=64", "D=8", "K=2", "flopsB=16"]);
    assert.equal(plannedSizes(words), [
      { match: "flops", size: { B: 16, D: 8, F: 64, E: 1, K: 2 } },
      { match: "flops", size: { B: 16, D: 8, F: 256, E: 4, K: 2 } },
    ]);
  });

  test("refuse another way of matching", () => {
    assert.throws(() => plannedSizes(readStepWords(["match=height"])), /one of width, flops/);
  });

  test("are checked at a size that keeps the experts and fits K into one", () => {
    for (const { size } of plannedSizes(readStepWords([]))) {
      const reduced = reducedSize(size);
      assert.is(reduced.E, size.E);
      assert.is(reduced.F % reduced.E, 0);
      assert.ok(reduced.K >= 1 && reduced.K < reduced.F / reduced.E, JSON.stringify(reduced));
    }
  });
});
