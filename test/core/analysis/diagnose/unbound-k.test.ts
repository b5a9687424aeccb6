import * as assert from "uvu/assert";
import { unboundK } from "../../../../core/analysis/diagnose/unbound-k.ts";
import { suite } from "../../../suite.ts";
import { changesOf, lookAt, seenBy } from "./diagnosed.ts";

suite("k that does not bind", (test) => {
  test("is seen in the paper's 128 experts of 192 features at k = 192 and 128, not at 96", () => {
    const paper = { experts: 128, features: 24576 };
    assert.is(seenBy(unboundK, { ...paper, k: 192 }).severity, "problem");
    const hardly = seenBy(unboundK, { ...paper, k: 128 });
    assert.is(hardly.severity, "warning");
    assert.equal(hardly.numbers, { k: 128, "reachable-features": 192, share: 128 / 192 });
    assert.is(lookAt(unboundK, { ...paper, k: 96 }).kind, "clear");
  });

  test("counts all experts that a row sees", () => {
    assert.is(lookAt(unboundK, { experts: 128, features: 24576, k: 192, shape: { selectedExperts: 2 } }).kind, "clear");
  });

  test("advises a k, a number of experts and a width at which it binds", () => {
    const changes = changesOf(seenBy(unboundK, { experts: 128, features: 24576, k: 128 }));
    assert.equal(changes, { "model.expert.k": 64, "model.router.experts": 64, "model.features": 49152 });
    // At each of them the signature is clear.
    assert.is(lookAt(unboundK, { experts: 128, features: 24576, k: 64 }).kind, "clear");
    assert.is(lookAt(unboundK, { experts: 64, features: 24576, k: 128 }).kind, "clear");
    assert.is(lookAt(unboundK, { experts: 128, features: 49152, k: 128 }).kind, "clear");
  });

  test("says nothing of an expert without k", () => {
    assert.is(lookAt(unboundK, { model: { expert: { type: "relu" } } }).kind, "clear");
  });
});
