import * as assert from "uvu/assert";
import { shortTraining } from "../../../../core/analysis/diagnose/short-training.ts";
import { suite } from "../../../suite.ts";
import { changesOf, curve, lookAt, seenBy } from "./diagnosed.ts";

suite("a training too short", (test) => {
  test("is seen while the loss still falls steeply", () => {
    const found = seenBy(shortTraining, { log: curve((share) => 400 - 300 * share), steps: 600 });
    assert.is(found.severity, "warning");
    // Medians at 0.6333 and 0.8833 of the training.
    assert.ok(Math.abs(found.numbers["third-quarter"]! - 210) < 3, String(found.numbers["third-quarter"]));
    assert.is(changesOf(found)["training.steps"], 2400);
  });

  test("is not seen when the last quarter gains little", () => {
    assert.is(lookAt(shortTraining).kind, "clear");
  });

  test("cannot be told of a run that is not done", () => {
    assert.is(lookAt(shortTraining, { state: "interrupted" }).kind, "unknown");
    assert.is(lookAt(shortTraining, { log: [] }).kind, "unknown");
  });
});
