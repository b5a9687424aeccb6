import * as assert from "uvu/assert";
import { nearestName } from "../../../core/errors/nearest-name.ts";
import { suite } from "../../suite.ts";

suite("nearest name", (test) => {
  const known = ["top-k", "relu", "batch-top-k"];
  test("finds a name that differs in punctuation and case only", () => {
    assert.is(nearestName("topK", known), "top-k");
    assert.is(nearestName("batch_top_k", known), "batch-top-k");
  });
  test("finds a name with a typing slip", () => {
    assert.is(nearestName("rleu", known), "relu");
  });
  test("forgives one slip in a name of two letters", () => {
    assert.is(nearestName("kk", ["type", "k"]), "k");
  });
  test("says nothing when no name is near", () => {
    assert.is(nearestName("convolution", known), undefined);
    assert.is(nearestName("x", []), undefined);
  });
});
