import * as assert from "uvu/assert";
import { collapsedRouting } from "../../../../core/analysis/diagnose/collapsed-routing.ts";
import { suite } from "../../../suite.ts";
import { changesOf, diagnosed, lookAt, seenBy, without } from "./diagnosed.ts";
import { loaded } from "./loads.ts";

suite("collapsed routing", (test) => {
  test("is seen when one expert takes nearly all, with the numbers", () => {
    const load = [0.93, ...Array.from({ length: 7 }, () => 0.01)];
    const { severity, numbers } = seenBy(collapsedRouting, { metrics: loaded(load) });
    assert.is(severity, "problem");
    // exp(-0.93 ln 0.93 - 7 * 0.01 ln 0.01)
    assert.ok(Math.abs(numbers["effective-experts"]! - 1.476) < 1e-3, String(numbers["effective-experts"]));
    assert.ok(Math.abs(numbers["balance"]! - (1.476 - 1) / 7) < 1e-3);
    assert.ok(Math.abs(numbers["max-load"]! - 7.44) < 1e-9);
  });

  test("is not seen in a balanced router, in an uneven one, or without a choice to make", () => {
    assert.is(lookAt(collapsedRouting).kind, "clear");
    const uneven = [0.4, 0.3, 0.1, 0.05, 0.05, 0.04, 0.03, 0.03];
    assert.is(lookAt(collapsedRouting, { metrics: loaded(uneven) }).kind, "clear");
    assert.is(lookAt(collapsedRouting, { experts: 1, metrics: loaded([1]) }).kind, "clear");
    const all = { experts: 4, shape: { selectedExperts: 4 }, metrics: loaded([0.25, 0.25, 0.25, 0.25]) };
    assert.is(lookAt(collapsedRouting, all).kind, "clear");
  });

  test("counts what a router of several experts a row can do at worst as nothing", () => {
    // Every row to the same two of eight.
    const collapsed = { shape: { selectedExperts: 2 }, metrics: loaded([0.5, 0.5, 0, 0, 0, 0, 0, 0]) };
    assert.is(seenBy(collapsedRouting, collapsed).numbers["balance"], 0);
  });

  test("advises what is missing: a load-balance loss, a weight, softmax gates", () => {
    const metrics = loaded([1, 0, 0, 0, 0, 0, 0, 0]);
    const none = changesOf(seenBy(collapsedRouting, { metrics, losses: [{ type: "reconstruction" }] }));
    assert.equal(none["losses"], [{ type: "reconstruction" }, { type: "load-balance", weight: 3 }]);
    const losses = [{ type: "reconstruction" }, { type: "load-balance", weight: 0 }];
    const router = { type: "switch", experts: 8, gate: "heaviside" };
    const weak = changesOf(seenBy(collapsedRouting, { metrics, losses, model: { router } }));
    assert.equal([weak["losses.load-balance.weight"], weak["model.router.gate"]], [3, "softmax"]);
    assert.is(changesOf(seenBy(collapsedRouting, { metrics }))["losses.load-balance.weight"], 30);
    assert.is(weak["training.optimizer.learningRate"], Number((5.7e-4 / 4).toPrecision(3)));
  });

  test("is unknown without the routing evaluator", () => {
    const found = without(diagnosed(), "routing/entropy");
    const look = collapsedRouting.look(found, [found]);
    assert.is(look.kind, "unknown");
    assert.match(JSON.stringify(look), /add routing to evaluation\.evaluators/);
  });
});
