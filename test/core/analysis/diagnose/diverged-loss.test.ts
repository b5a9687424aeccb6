import * as assert from "uvu/assert";
import { divergedLoss } from "../../../../core/analysis/diagnose/diverged-loss.ts";
import { suite } from "../../../suite.ts";
import { changesOf, curve, lookAt, seenBy } from "./diagnosed.ts";

suite("a diverged loss", (test) => {
  test("is seen when it ends above its lowest", () => {
    const slight = curve((share) => (share <= 0.5 ? 100 : 100 + 40 * (share - 0.5)));
    const found = seenBy(divergedLoss, { log: slight });
    assert.is(found.severity, "warning");
    // The last tenth of 60 points is 0.9167 to 1; its median lies at 0.9583.
    assert.ok(Math.abs(found.numbers["last-loss"]! - (100 + 40 * (0.95833 - 0.5))) < 0.01);
    assert.is(found.numbers["lowest-loss"], 100);
    assert.is(seenBy(divergedLoss, { log: curve((share) => 50 + 100 * share) }).severity, "problem");
  });

  test("is seen when an attempt ended in numbers that are not finite", () => {
    const failures = [{ code: "LOSS_NOT_FINITE", message: "NaN" }];
    assert.is(seenBy(divergedLoss, { failures, state: "failed" }).severity, "problem");
    assert.is(seenBy(divergedLoss, { failures, state: "done" }).severity, "warning");
    assert.is(lookAt(divergedLoss, { failures: [{ code: "DISK_FULL", message: "full" }] }).kind, "clear");
  });

  test("is not seen in a loss that falls, with noise", () => {
    const noisy = curve((share) => (100 + 300 * Math.exp(-20 * share)) * (1 + 0.03 * Math.sin(share * 500)));
    assert.is(lookAt(divergedLoss, { log: noisy }).kind, "clear");
  });

  test("cannot be told from a few logged steps", () => {
    assert.is(lookAt(divergedLoss, { log: curve((share) => 100 * share, { points: 19 }) }).kind, "unknown");
    assert.is(lookAt(divergedLoss, { log: [] }).kind, "unknown");
  });

  test("advises smaller steps, a clip and a schedule where they are missing", () => {
    const training = {
      gradientClip: null,
      schedule: { type: "constant" },
      optimizer: { type: "adam", learningRate: 0.4 },
    };
    assert.equal(changesOf(seenBy(divergedLoss, { log: curve((share) => 100 * share), training })), {
      "training.optimizer.learningRate": 0.1,
      "training.gradientClip": 1,
      "training.schedule": { type: "linear-decay", decayStart: 0.8, warmupSteps: 30 },
    });
  });
});
