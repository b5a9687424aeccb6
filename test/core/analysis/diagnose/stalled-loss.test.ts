import * as assert from "uvu/assert";
import { stalledLoss } from "../../../../core/analysis/diagnose/stalled-loss.ts";
import { suite } from "../../../suite.ts";
import { changesOf, curve, lookAt, seenBy } from "./diagnosed.ts";

suite("a stalled loss", (test) => {
  test("is seen when the training hardly moved it", () => {
    const found = seenBy(stalledLoss, { log: curve((share) => 100 - 4 * share) });
    assert.is(found.severity, "problem");
    assert.ok(found.numbers["fall"]! > 0.03 && found.numbers["fall"]! < 0.04);
  });

  test("is not seen in one that falls, nor in one that rises, which has diverged", () => {
    assert.is(lookAt(stalledLoss).kind, "clear");
    assert.is(lookAt(stalledLoss, { log: curve((share) => 100 + 20 * share) }).kind, "clear");
    assert.is(lookAt(stalledLoss, { log: curve(() => 1, { points: 5 }) }).kind, "unknown");
  });

  test("advises the paper's learning rate where it is larger, else a smaller one", () => {
    const log = curve(() => 100);
    const rate = (learningRate: number): unknown =>
      changesOf(seenBy(stalledLoss, { log, training: { optimizer: { type: "adam", learningRate } } }))[
        "training.optimizer.learningRate"
      ];
    // 2e-4 / sqrt(2048 / 16384)
    assert.is(rate(1e-7), 0.000566);
    assert.is(rate(1), 0.1);
  });
});
