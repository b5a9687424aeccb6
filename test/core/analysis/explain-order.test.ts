import * as assert from "uvu/assert";
import { explainOrder } from "../../../core/analysis/explain-order.ts";
import { suite } from "../../suite.ts";
import { failedRun, makeRun, quickstartRuns } from "./fixtures.ts";
import type { RunFixture } from "./fixtures.ts";

const withMse = (experts: number, mse: number, fixture: RunFixture = {}) =>
  makeRun({ experts, ...fixture, metrics: { "reconstruction/mse": mse, ...fixture.metrics } });

suite("explainOrder", (test) => {
  test("says that the order holds, with every number", () => {
    assert.is(
      explainOrder([withMse(1, 10), withMse(4, 10.5), withMse(2, 10.2)]),
      "At 2048 features and k = 16 the paper's order holds: the dense SAE has the lowest MSE, 10.00, and it grows with " +
        "the number of experts: 10.20 with 2 experts (+2.0 %), 10.50 with 4 experts (+5.0 %).",
    );
  });

  test("holds for the authors' own numbers at every k", () => {
    // Mudide et al., results/primary: MSE at 24,576 features for TopK and 16, 32, 64, 128 experts.
    for (const [k, ...values] of [
      [16, 1562.1, 1674.7, 1715.3, 1794.0, 1906.5],
      [64, 888.5, 1027.2, 1100.2, 1192.3, 1330.9],
      [192, 522.3, 589.3, 615.6, 727.5, 1016.0],
    ] as const) {
      const runs = [1, 16, 32, 64, 128].map((experts, i) => withMse(experts, values[i]!, { k, features: 24576 }));
      assert.match(explainOrder(runs), `At 24576 features and k = ${k} the paper's order holds`);
    }
  });

  test("names the pair that breaks it, with both numbers", () => {
    const sentence = explainOrder([withMse(1, 12), withMse(2, 11.4), withMse(4, 11.5)]);
    assert.match(sentence, "does not hold throughout");
    assert.match(sentence, "the SAE of 2 experts (MSE 11.40) reconstructs 5.0 % better than the dense SAE (12.00)");
    assert.not.match(sentence, "SAE of 4 experts");
  });

  test("finds dead features, short training and single seeds among the reasons", () => {
    const sentence = explainOrder([
      withMse(1, 12, { metrics: { "sparsity/dead-fraction": 0.4 } }),
      withMse(2, 11, { metrics: { "sparsity/dead-fraction": 0.1 } }),
    ]);
    assert.match(sentence, "the dense SAE has more dead features (40.0 % against 10.0 %)");
    assert.match(sentence, "training is short (614 k activations; the paper used 819 M)");
    assert.match(sentence, "there is one seed of each");
  });

  test("finds an unbalanced router in the SAE that should be better", () => {
    const sentence = explainOrder([
      withMse(1, 10),
      withMse(2, 12, { metrics: { "routing/max-load": 1.9 } }),
      withMse(4, 11, { metrics: { "routing/max-load": 1.1 } }),
    ]);
    assert.not.match(sentence, "unbalanced");
    const collapsed = explainOrder([
      withMse(1, 10),
      withMse(8, 12, { metrics: { "routing/max-load": 6 } }),
      withMse(16, 11),
    ]);
    assert.match(collapsed, "the router of the SAE of 8 experts is unbalanced (busiest expert at 6 times its share)");
  });

  test("calls a small difference what it is", () => {
    assert.match(
      explainOrder([withMse(1, 10.05), withMse(2, 10)]),
      "below the 1.1 % by which the authors' own repeats differ",
    );
    assert.not.match(explainOrder([withMse(1, 10.5), withMse(2, 10)]), "repeats differ");
  });

  test("compares with the spread over seeds where there are several", () => {
    const noisy = [
      ...[9.5, 10.5, 10.3].map((mse, seed) => withMse(1, mse, { seed })),
      ...[9.4, 10.4, 10.2].map((mse, seed) => withMse(2, mse, { seed })),
    ];
    const sentence = explainOrder(noisy);
    assert.match(sentence, "within two standard deviations over the seeds");
    assert.not.match(sentence, "one seed");
  });

  test("says when nothing in the runs explains it", () => {
    const long = { steps: 1_000_000 };
    const runs = [12, 12.01].flatMap((mse, seed) => [
      withMse(1, mse, { seed, ...long }),
      withMse(2, mse - 2, { seed, ...long }),
    ]);
    assert.match(explainOrder(runs), "Nothing in the runs explains it.");
  });

  test("compares only runs of equal width, and each setting by itself", () => {
    const runs = [8, 32].flatMap((k) => [withMse(1, 20 - k / 4, { k }), withMse(4, 21 - k / 4, { k })]);
    const sentence = explainOrder(runs);
    assert.match(sentence, "At 2048 features and k = 8 the paper's order holds");
    assert.match(sentence, "At 2048 features and k = 32 the paper's order holds");
    assert.match(
      explainOrder([withMse(1, 10, { features: 2048 }), withMse(4, 9, { features: 8192 })]),
      "cannot be checked",
    );
  });

  test("does not mix kinds of routers, nor runs that did not finish", () => {
    assert.match(
      explainOrder([withMse(1, 10), failedRun(), makeRun({ experts: 4, state: "running" })]),
      "cannot be checked",
    );
    const topE = withMse(4, 5);
    const router = { type: "top-e", experts: 4, selected: 1 };
    const other = { ...topE, config: { ...topE.config, model: { ...topE.config.model, router } } };
    const sentence = explainOrder([withMse(1, 10), withMse(4, 11), other]);
    assert.match(sentence, "the paper's order holds");
    assert.match(sentence, "does not hold throughout");
  });

  test("leaves out routers that choose several experts", () => {
    const two = withMse(4, 5);
    assert.match(
      explainOrder([withMse(1, 10), { ...two, shape: { ...two.shape, selectedExperts: 2, sharedExperts: 0 } }]),
      "cannot be checked",
    );
  });

  test("has a sentence for no runs, and for a whole sweep with seeds", () => {
    assert.match(explainOrder([]), "cannot be checked");
    assert.match(explainOrder(quickstartRuns([0, 1, 2])), "the paper's order holds: the dense SAE");
  });
});
