import * as assert from "uvu/assert";
import type { ParameterInit } from "../../../core/model/contracts.ts";
import { initialValues, sharedGroups } from "../../../core/model/model-parameters.ts";
import type { DictionaryConfig, NamedInits } from "../../../core/model/model-parameters.ts";
import { createModelShape } from "../../../core/model/model-shape.ts";
import { createRng } from "../../../core/model/rng.ts";
import { suite } from "../../suite.ts";

const shape = createModelShape({ width: 3, features: 8, router: { numExperts: 2, numSelected: 1 } });
const config: DictionaryConfig = {
  ...{ encoderBias: false, subtractDecoderBias: true, initialisation: "uniform", decoderNorm: 1 },
  decoderBias: "zeros",
};
const init = (length: number, rest: Partial<ParameterInit> = {}): ParameterInit => ({
  shape: [length],
  values: new Float32Array(length).fill(7),
  ...rest,
});
const router: NamedInits = [
  ["router.weight", init(6)],
  ["router.input_bias", init(3, { decoderBias: "shared" })],
];
const expert: NamedInits = [
  ["expert.threshold", init(8)],
  ["expert.inference_threshold", { shape: [], values: Float32Array.of(-1), trainable: false }],
];
const valuesOf = (change: Partial<DictionaryConfig> = {}, seed = 1) =>
  initialValues({ shape, config: { ...config, ...change }, rng: createRng(seed), router, expert });

suite("parameters of a model", (test) => {
  test("are the dictionary's, the router's and the expert's, in the order of updates, then the buffers", () => {
    assert.equal(
      [...valuesOf({ encoderBias: true, normaliseActivations: "expected-average-norm" }).keys()],
      [
        "encoder",
        "encoder_bias",
        "decoder",
        "decoder_bias",
        "router.weight",
        "router.input_bias",
        "expert.threshold",
        "expert.inference_threshold",
        "steps_since_active",
        "activation_scale",
      ],
    );
  });
  test("have an encoder bias and a scale only where the config asks for them", () => {
    const names = [...valuesOf().keys()];
    assert.not.ok(names.includes("encoder_bias"));
    assert.not.ok(names.includes("activation_scale"));
    assert.not.ok(valuesOf({ normaliseActivations: "layer-norm" }).has("activation_scale"));
  });
  test("fit their shapes, and start as plugins say", () => {
    for (const [name, { shape: dims, values }] of valuesOf({ encoderBias: true })) {
      assert.is(
        values.length,
        dims.reduce((product, length) => product * length, 1),
        name,
      );
    }
    const values = valuesOf();
    assert.equal(values.get("expert.threshold")?.values, new Float32Array(8).fill(7));
    assert.equal(values.get("decoder_bias")?.values, new Float32Array(3));
  });
  test("are trained but for the buffers, which start at no step and scale 1", () => {
    const values = valuesOf({ normaliseActivations: "expected-average-norm" });
    const buffers = [...values].filter(([, { trainable }]) => trainable === false).map(([name]) => name);
    assert.equal(buffers, ["expert.inference_threshold", "steps_since_active", "activation_scale"]);
    assert.equal(values.get("steps_since_active")?.values, new Float32Array(8));
    assert.equal(values.get("activation_scale")?.values, Float32Array.of(1));
  });
  test("depend on the seed, and the dictionary on nothing else", () => {
    assert.equal(valuesOf({}, 4).get("encoder")?.values, valuesOf({ encoderBias: true }, 4).get("encoder")?.values);
    assert.not.equal(valuesOf({}, 4).get("encoder")?.values, valuesOf({}, 5).get("encoder")?.values);
  });
  test("share the decoder's bias with whatever asks for that", () => {
    assert.equal(sharedGroups(router), [["decoder_bias", "router.input_bias"]]);
    assert.equal(sharedGroups([["router.input_bias", init(3, { decoderBias: "copy" })]]), []);
    assert.equal(sharedGroups(expert), []);
  });
});
