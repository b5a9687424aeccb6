import * as assert from "uvu/assert";
import { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { buildModel } from "../../../core/program/build-model.ts";
import type { ModelChoices } from "../../../core/program/build-model.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import { topK } from "../../../plugins/expert/top-k.ts";
import { none } from "../../../plugins/router/none.ts";
import { switch as switchRouter } from "../../../plugins/router/switch.ts";
import { suite } from "../../suite.ts";
import { makeModel } from "../model/make-model.ts";

const device = await cpuDevice.open();
const { tf, kernels } = device;
const choices: ModelChoices = {
  device,
  width: 6,
  features: 8,
  router: { plugin: switchRouter, options: { experts: 4 } },
  expert: { plugin: topK, options: { k: 2 } },
  seed: 3,
};

suite("building a model without a config", (test) => {
  test("gives the model that a config of the same choices gives", async () => {
    const { model, expertFacts, dispose } = await buildModel(choices);
    const config = { router: { type: "switch", experts: 4 }, expert: { type: "top-k", k: 2 } };
    const same = makeModel({ tf, kernels, width: 6, features: 8, seed: 3, ...config });
    assert.equal(model.shape, same.shape);
    assert.equal(expertFacts, { activeFeatures: 2 });
    for (const { name, variable } of same.parameters.all) {
      assert.equal(model.parameters.get(name).dataSync(), variable.dataSync(), name);
    }
    same.parameters.dispose();
    await dispose();
  });

  test("takes what of the dictionary is given, and the config's defaults for the rest", async () => {
    const plain = await buildModel({ ...choices, router: { plugin: none } });
    assert.not(plain.model.parameters.has("encoder_bias"));
    const biased = await buildModel({ ...choices, dictionary: { encoderBias: true, decoderNorm: 3 } });
    assert.ok(biased.model.parameters.has("encoder_bias"));
    const norms = tf.tidy(() => tf.norm(biased.model.parameters.get("decoder"), 2, 1).dataSync<"float32">());
    for (const norm of norms) assert.ok(Math.abs(norm - 3) < 1e-5, `${norm}`);
    await plain.dispose();
    await biased.dispose();
  });

  test("leaves no tensor behind once it is disposed of", async () => {
    const before = tf.memory().numTensors;
    const { dispose } = await buildModel(choices);
    assert.ok(tf.memory().numTensors > before);
    await dispose();
    assert.is(tf.memory().numTensors, before);
  });

  test("refuses features that the experts cannot share", async () => {
    let code = "";
    try {
      await buildModel({ ...choices, features: 9 });
    } catch (error) {
      if (error instanceof SwitchyardError) code = error.code;
    }
    assert.is(code, "FEATURES_NOT_DIVISIBLE");
  });
});
