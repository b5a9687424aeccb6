import * as assert from "uvu/assert";
import { duplicateFeatures } from "../../../../core/analysis/diagnose/duplicate-features.ts";
import { suite } from "../../../suite.ts";
import { changesOf, diagnosed, lookAt, seenBy, without } from "./diagnosed.ts";

function shares(duplicates: number, same: number, cross: number): Readonly<Record<string, number>> {
  return {
    "duplication/duplicates": duplicates,
    "duplication/same-expert": same,
    "duplication/cross-expert": cross,
  };
}

suite("duplicate features", (test) => {
  test("grow from a note over a warning to a problem", () => {
    assert.is(seenBy(duplicateFeatures, { metrics: shares(0.07, 0.01, 0.065) }).severity, "note");
    assert.is(seenBy(duplicateFeatures, { metrics: shares(0.15, 0.01, 0.145) }).severity, "warning");
    assert.is(seenBy(duplicateFeatures, { metrics: shares(0.4, 0.01, 0.39) }).severity, "problem");
    assert.is(lookAt(duplicateFeatures, { metrics: shares(0.03, 0.01, 0.02) }).kind, "clear");
  });

  test("between experts are answered by fewer experts, or two a row", () => {
    const found = seenBy(duplicateFeatures, { metrics: shares(0.15, 0.01, 0.145) });
    assert.match(found.summary, /14\.5 % have their copy in another expert, 1\.00 % in their own/);
    assert.equal(changesOf(found), {
      "model.router.experts": 4,
      "model.router": { type: "top-e", experts: 8, selected: 2 },
    });
  });

  test("within an expert, or a dense SAE, by fewer features", () => {
    assert.equal(changesOf(seenBy(duplicateFeatures, { metrics: shares(0.15, 0.14, 0.01) })), {
      "model.features": 1024,
    });
    const dense = seenBy(duplicateFeatures, { experts: 1, metrics: shares(0.15, 0.15, 0) });
    assert.match(dense.summary, /in the one dictionary/);
    assert.equal(changesOf(dense), { "model.features": 1024 });
  });

  test("are unknown without the evaluator", () => {
    const found = without(diagnosed(), "duplication/duplicates");
    assert.is(duplicateFeatures.look(found, []).kind, "unknown");
  });
});
