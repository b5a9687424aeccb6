import * as assert from "uvu/assert";
import type { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { createModelShape } from "../../../core/model/model-shape.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { matryoshkaBatchTopK } from "../../../plugins/expert/matryoshka-batch-top-k.ts";
import { buildPlugin } from "../../core/model/build-plugin.ts";
import { activeOf, inOrder, integerBatch, largestOf } from "../../core/model/integer-batch.ts";
import { suite } from "../../suite.ts";

suite("expert matryoshka-batch-top-k", (test, hooks) => {
  let device: Device;
  hooks.before(async () => {
    device = await cpuDevice.open();
  });
  const build = (options: object = {}) =>
    buildPlugin(matryoshkaBatchTopK, { type: "matryoshka-batch-top-k", k: 2, ...options }, { tf: device.tf });
  const prefixesOf = (options: object, features = 24, experts = 1) => {
    const batch = integerBatch({ features, experts, selected: 1 });
    return build(options).instance.encode(batch.context(device)).prefixes;
  };
  const refuses = (options: object, received: string): void => {
    assert.throws(
      () => build(options),
      (error: SwitchyardError) => error.code === "MATRYOSHKA_GROUPS" && error.received === received,
    );
  };

  test("chooses as batch-top-k does", () => {
    const batch = integerBatch();
    const code = build().instance.encode(batch.context(device, { training: { step: 0, totalSteps: 9 } }));
    assert.equal(activeOf(code, batch.shape), inOrder(largestOf(batch.candidates, 24)));
    assert.equal(build().facts, { meanActiveFeatures: 2 });
  });
  test("ends prefixes at sums of fractions of an expert, rounded down, the last at its end", () => {
    assert.equal(prefixesOf({ groups: [0.25, 0.25, 0.5] }), [
      { featuresPerExpert: 6, weight: 1 / 3 },
      { featuresPerExpert: 12, weight: 1 / 3 },
      { featuresPerExpert: 24, weight: 1 / 3 },
    ]);
    assert.equal(
      prefixesOf({ groups: [0.3, 0.3, 0.4] }, 24, 3)?.map(({ featuresPerExpert }) => featuresPerExpert),
      [2, 4, 8],
    );
  });
  test("weighs prefixes as it is told", () => {
    const prefixes = prefixesOf({ groups: [0.5, 0.5], groupWeights: [2, 0] });
    assert.equal(prefixes, [
      { featuresPerExpert: 12, weight: 2 },
      { featuresPerExpert: 24, weight: 0 },
    ]);
  });
  test("has four groups unless told otherwise", () => {
    assert.equal(
      prefixesOf({}, 64)?.map(({ featuresPerExpert }) => featuresPerExpert),
      [4, 12, 28, 64],
    );
  });
  test("gives every feature of a small expert to some prefix, and none twice", () => {
    for (const features of [4, 7, 10, 33]) {
      const ends = prefixesOf({ groups: [0.1, 0.2, 0.7] }, features)!.map(({ featuresPerExpert }) => featuresPerExpert);
      assert.is(ends.at(-1), features);
      assert.equal(
        [...ends].sort((a, b) => a - b),
        ends,
      );
    }
    const { featuresPerExpert } = createModelShape({
      width: 3,
      features: 4,
      router: { numExperts: 1, numSelected: 1 },
    });
    assert.is(featuresPerExpert, 4);
  });
  test("refuses groups that are no partition, and weights that are not one each", () => {
    refuses({ groups: [0.5, 0.6] }, "a sum of 1.1");
    refuses({ groups: [0.5, 0.25] }, "a sum of 0.75");
    refuses({ groups: [0.5, 0.5], groupWeights: [1] }, "1");
    build({ groups: [1 / 3, 1 / 3, 1 / 3] });
  });
});
