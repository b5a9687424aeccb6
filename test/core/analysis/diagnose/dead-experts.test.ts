import * as assert from "uvu/assert";
import { deadExperts } from "../../../../core/analysis/diagnose/dead-experts.ts";
import { suite } from "../../../suite.ts";
import { changesOf, lookAt, seenBy } from "./diagnosed.ts";

suite("dead experts", (test) => {
  test("one of eight is a warning, two are a problem", () => {
    assert.is(seenBy(deadExperts, { metrics: { "routing/dead-experts": 1 } }).severity, "warning");
    const found = seenBy(deadExperts, { metrics: { "routing/dead-experts": 2 } });
    assert.is(found.severity, "problem");
    assert.equal(found.numbers, { "dead-experts": 2, experts: 8, rows: 8192 });
    assert.is(changesOf(found)["model.router.experts"], 4);
  });

  test("none are seen where all are reached, and in a dense SAE", () => {
    assert.is(lookAt(deadExperts).kind, "clear");
    assert.is(lookAt(deadExperts, { experts: 1 }).kind, "clear");
  });

  test("cannot be told from a few rows", () => {
    const metrics = { "routing/dead-experts": 1, "sparsity/dead-window-rows": 100 };
    const look = lookAt(deadExperts, { metrics });
    assert.is(look.kind, "unknown");
    assert.match(JSON.stringify(look), /raise evaluation\.rows/);
  });
});
