import * as assert from "uvu/assert";
import { unevenRouting } from "../../../../core/analysis/diagnose/uneven-routing.ts";
import { suite } from "../../../suite.ts";
import { loaded } from "./loads.ts";
import { lookAt, seenBy } from "./diagnosed.ts";

suite("uneven routing", (test) => {
  test("is seen when some experts are crowded and others idle", () => {
    const { severity, numbers } = seenBy(unevenRouting, {
      metrics: loaded([0.4, 0.3, 0.1, 0.05, 0.05, 0.04, 0.03, 0.03]),
    });
    assert.is(severity, "warning");
    assert.ok(numbers["balance"]! > 0.3 && numbers["balance"]! < 0.8, String(numbers["balance"]));
    assert.ok(Math.abs(numbers["max-load"]! - 3.2) < 1e-9);
  });

  test("is not seen in a router as balanced as the paper's", () => {
    // E sum f P = 1.02
    assert.is(
      lookAt(unevenRouting, { metrics: loaded([0.15, 0.14, 0.13, 0.13, 0.12, 0.12, 0.11, 0.1]) }).kind,
      "clear",
    );
  });

  test("leaves a collapsed router to the signature of that name", () => {
    assert.is(lookAt(unevenRouting, { metrics: loaded([1, 0, 0, 0, 0, 0, 0, 0]) }).kind, "clear");
  });
});
