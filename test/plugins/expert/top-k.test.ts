import { Value } from "typebox/value";
import * as assert from "uvu/assert";
import type { EncodeContext } from "../../../core/model/contracts.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import { topK } from "../../../plugins/expert/top-k.ts";
import { buildPlugin } from "../../core/model/build-plugin.ts";
import { makeModel, setParameter } from "../../core/model/make-model.ts";
import { suite } from "../../suite.ts";

suite("expert top-k", (test) => {
  test("promises k active features", () => {
    assert.equal(buildPlugin(topK, { type: "top-k", k: 5 }, {}).facts, { activeFeatures: 5 });
  });
  test("hands its k to the fused kernel", () => {
    const asked: number[] = [];
    const shape = { width: 4, selectedExperts: 1, featuresPerExpert: 8 };
    const context = { shape, topK: (k: number) => asked.push(k) } as unknown as EncodeContext;
    buildPlugin(topK, { type: "top-k", k: 5 }, {}).instance.encode(context);
    assert.equal(asked, [5]);
  });
  test("keeps the k largest positive activations, lower index first among equals", async () => {
    const device = await cpuDevice.open();
    const model = makeModel({
      ...device,
      width: 1,
      features: 6,
      router: { type: "none" },
      expert: { type: "top-k", k: 3 },
    });
    setParameter(device.tf, model, "encoder", [1, 3, -2, 3, 2, 2]);
    const codeOf = (x: number): unknown => {
      const { code } = model.forward(device.tf.tensor2d([[x]]));
      return code.kind === "sparse" ? [code.indices_BK.arraySync()[0], code.values_BK.arraySync()[0]] : code;
    };
    assert.equal(codeOf(1), [
      [1, 3, 4],
      [3, 3, 2],
    ]);
    // Only one feature is positive: zeros of the lowest index fill up.
    assert.equal(codeOf(-1), [
      [0, 1, 2],
      [0, 0, 2],
    ]);
  });
  test("needs a k of at least 1", () => {
    assert.not.ok(Value.Check(topK.options, { k: 0 }));
    assert.not.ok(Value.Check(topK.options, { k: 2.5 }));
    assert.not.ok(Value.Check(topK.options, {}));
  });
});
