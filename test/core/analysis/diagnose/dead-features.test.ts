import * as assert from "uvu/assert";
import { deadFeatures } from "../../../../core/analysis/diagnose/dead-features.ts";
import { suite } from "../../../suite.ts";
import { changesOf, lookAt, seenBy } from "./diagnosed.ts";

suite("dead features", (test) => {
  test("are seen with the rows they were silent on, and how often a feature could have fired", () => {
    const found = seenBy(deadFeatures, { metrics: { "sparsity/dead-fraction": 0.3 } });
    assert.is(found.severity, "warning");
    assert.is(found.numbers["expected-firings"], (8192 * 16) / 2048);
    const changes = changesOf(found);
    assert.equal(changes["losses"], [
      { type: "reconstruction" },
      { type: "load-balance", weight: 3 },
      { type: "aux-k" },
    ]);
    assert.equal([changes["model.expert.k"], changes["model.features"]], [32, 1024]);
    assert.is(seenBy(deadFeatures, { metrics: { "sparsity/dead-fraction": 0.6 } }).severity, "problem");
  });

  test("are not seen at the shares that the paper's SAEs have", () => {
    assert.is(lookAt(deadFeatures, { metrics: { "sparsity/dead-fraction": 0.02 } }).kind, "clear");
  });

  test("cannot be told when the rows were too few for rare features", () => {
    const metrics = { "sparsity/dead-fraction": 0.3, "sparsity/dead-window-rows": 512 };
    assert.is(lookAt(deadFeatures, { metrics }).kind, "unknown");
  });

  test("are seen on any rows when nothing is active at all", () => {
    const metrics = { "sparsity/dead-fraction": 1, "sparsity/l0": 0, "sparsity/dead-window-rows": 512 };
    assert.is(seenBy(deadFeatures, { metrics }).severity, "problem");
  });

  test("of an l1 run are told to lower the penalty", () => {
    const losses = [{ type: "reconstruction" }, { type: "l1", weight: 0.02 }, { type: "aux-k" }];
    const found = seenBy(deadFeatures, {
      losses,
      model: { expert: { type: "relu" } },
      metrics: { "sparsity/dead-fraction": 0.3 },
    });
    assert.equal(Object.keys(changesOf(found)), [
      "losses.l1.weight",
      "model.features",
      "training.optimizer.learningRate",
    ]);
    assert.is(changesOf(found)["losses.l1.weight"], 0.01);
  });
});
