import * as assert from "uvu/assert";
import { clippedGradient } from "../../../../core/analysis/diagnose/clipped-gradient.ts";
import { suite } from "../../../suite.ts";
import { changesOf, curve, lookAt, seenBy } from "./diagnosed.ts";

suite("a gradient clipped at every step", (test) => {
  const log = curve(() => 100, { gradientNorm: 12.3 });

  test("is noted with the norm that is usual, and a clip that spares it", () => {
    const found = seenBy(clippedGradient, { log });
    assert.is(found.severity, "note");
    assert.equal(found.numbers, { "clipped-share": 1, "median-norm": 12.3, "gradient-clip": 1 });
    assert.is(changesOf(found)["training.gradientClip"], 37);
  });

  test("is not noted when some steps are below the clip, or nothing is clipped", () => {
    const some = log.map((record, i) => ({ ...record, gradientNorm: i % 20 === 0 ? 0.5 : 12 }));
    assert.is(lookAt(clippedGradient, { log: some }).kind, "clear");
    assert.is(lookAt(clippedGradient, { log, training: { gradientClip: null } }).kind, "clear");
    assert.is(lookAt(clippedGradient, { log: log.slice(0, 3) }).kind, "unknown");
  });
});
