import * as assert from "uvu/assert";
import type { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { createModelShape } from "../../../core/model/model-shape.ts";
import { suite } from "../../suite.ts";

suite("model shape", (test) => {
  test("shares the features evenly among experts", () => {
    const shape = createModelShape({ width: 768, features: 24576, router: { numExperts: 16, numSelected: 1 } });
    assert.equal(shape, {
      width: 768,
      features: 24576,
      experts: 16,
      featuresPerExpert: 1536,
      selectedExperts: 1,
      sharedExperts: 0,
    });
  });
  test("rejects features that do not divide, naming the nearest that do", () => {
    const make = (): unknown =>
      createModelShape({ width: 8, features: 100, router: { numExperts: 8, numSelected: 1 } });
    assert.throws(make, (error: SwitchyardError) => {
      assert.is(error.code, "FEATURES_NOT_DIVISIBLE");
      assert.is(error.expected, "a multiple of 8, such as 96 or 104");
      return true;
    });
  });
  test("rejects fewer features than experts with a usable suggestion", () => {
    const make = (): unknown => createModelShape({ width: 8, features: 3, router: { numExperts: 8, numSelected: 1 } });
    assert.throws(make, (error: SwitchyardError) => error.expected === "a multiple of 8, such as 8");
  });
  test("rejects more selected experts than there are", () => {
    const make = (): unknown => createModelShape({ width: 8, features: 8, router: { numExperts: 2, numSelected: 3 } });
    assert.throws(make, (error: SwitchyardError) => error.code === "SELECTED_EXPERTS_TOO_LARGE");
  });
});
