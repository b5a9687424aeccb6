import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import type { Expert, Router, Routing } from "../../../core/model/contracts.ts";
import { createSparseAutoencoder } from "../../../core/model/create-sparse-autoencoder.ts";
import { geometricMedian } from "../../../core/model/geometric-median.ts";
import { createRng } from "../../../core/model/rng.ts";
import type { SparseAutoencoder } from "../../../core/model/sparse-autoencoder.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { suite } from "../../suite.ts";
import { makeModel, normalRows, setParameter } from "./make-model.ts";
import type { ModelChoice } from "./make-model.ts";

const width = 6;
const features = 24;
const switchOf4 = { type: "switch", experts: 4 };
const topK3 = { type: "top-k", k: 3 };

const values = (model: SparseAutoencoder, name: string): number[] => [...model.parameters.get(name).dataSync()];
const names = (model: SparseAutoencoder): string[] => model.parameters.all.map(({ name }) => name);
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
const rowsOf = (flat: readonly number[], size: number): number[][] =>
  Array.from({ length: flat.length / size }, (_unused, i) => flat.slice(i * size, (i + 1) * size));

/** The Switch SAE's forward pass of one row in float64, straight from its definition. */
function definition(model: SparseAutoencoder, x: readonly number[], experts: number, k: number): number[] {
  const bias = values(model, "decoder_bias");
  const centred = x.map((value, d) => value - bias[d]!);
  const routed = x.map((value, d) => value - values(model, "router.input_bias")[d]!);
  const logits = rowsOf(values(model, "router.weight"), width).map((row) => dot(row, routed));
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
  const chosen = logits.indexOf(Math.max(...logits));
  const perExpert = features / experts;
  const activations = rowsOf(values(model, "encoder"), width).map((row, f) =>
    Math.floor(f / perExpert) === chosen ? Math.max(0, dot(row, centred)) : 0,
  );
  const kept = activations
    .map((_value, f) => f)
    .sort((a, b) => activations[b]! - activations[a]! || a - b)
    .slice(0, k);
  const decoder = rowsOf(values(model, "decoder"), width);
  const probability = Math.exp(logits[chosen]!) / total;
  return bias.map(
    (start, d) => start + kept.reduce((sum, f) => sum + probability * activations[f]! * decoder[f]![d]!, 0),
  );
}

suite("sparse autoencoder", (test, hooks) => {
  let device: Device;
  hooks.before(async () => {
    device = await wasmDevice.open();
  });
  const make = (choice: Partial<ModelChoice> = {}): SparseAutoencoder =>
    makeModel({ ...device, width, features, router: switchOf4, expert: topK3, ...choice });
  const forward = (model: SparseAutoencoder, rows: Float32Array): number[] =>
    device.tf.tidy(() => {
      const acts_BD = device.tf.tensor2d(rows.slice(), [rows.length / width, width]);
      return [...model.forward(acts_BD).reconstruction_BD.dataSync()];
    });

  test("names the plugin that throws, or that returns no routing", () => {
    const model = (router: Router, expert: Expert): SparseAutoencoder =>
      createSparseAutoencoder({
        ...{ tf: device.tf, kernels: device.kernels, router, expert, rng: createRng(0) },
        shape: { width: 2, features: 4, experts: 1, featuresPerExpert: 4, selectedExperts: 1, sharedExperts: 0 },
        config: {
          ...{ encoderBias: false, subtractDecoderBias: true, initialisation: "uniform", decoderNorm: 1 },
          decoderBias: "zeros",
        },
      });
    const boom = (): never => {
      throw new Error("boom");
    };
    const topOne: Expert = { encode: (context) => context.topK(1) };
    const routeOne = (acts_BD: tensorflow.Tensor2D): Routing => ({
      expertIndices_BR: device.tf.zeros([acts_BD.shape[0], 1], "int32"),
      gates_BR: device.tf.ones([acts_BD.shape[0], 1]),
    });
    const initialise = (): Record<string, never> => ({});
    const rows = new Float32Array([1, 2]);
    const run =
      (router: Router, expert: Expert = topOne) =>
      () =>
        device.tf.tidy(() => model(router, expert).forward(device.tf.tensor2d(rows.slice(), [1, 2])).reconstruction_BD);
    run({ initialise, route: routeOne })();
    assert.throws(run({ initialise, route: boom }), /router failed in route[\s\S]*model\.router[\s\S]*boom/);
    assert.throws(run({ initialise: boom, route: routeOne }), /router failed in initialise[\s\S]*boom/);
    assert.throws(run({ initialise, route: routeOne }, { encode: boom }), /expert failed in encode[\s\S]*boom/);
    const nothing = { initialise, route: () => JSON.parse("null") as Routing };
    assert.throws(run(nothing), /returned no routing\. \[ROUTING_SHAPE\]/);
    const half = { initialise, route: () => JSON.parse('{"gates_BR": 1}') as Routing };
    assert.throws(run(half), /only gates_BR/);
  });

  test("has the parameters that its config asks for", () => {
    assert.equal(names(make()), ["encoder", "decoder", "decoder_bias", "router.weight", "router.input_bias"]);
    assert.equal(names(make({ router: { type: "none" }, dictionary: { encoderBias: true } })), [
      "encoder",
      "encoder_bias",
      "decoder",
      "decoder_bias",
    ]);
  });
  test("computes what the definition of a Switch SAE says", () => {
    const model = make();
    const rows = normalRows(9, width);
    model.initialiseFromRows(rows);
    const actual = rowsOf(forward(model, rows), width);
    for (const [b, x] of rowsOf([...rows], width).entries()) {
      const expected = definition(model, x, 4, 3);
      for (let d = 0; d < width; d++) assert.ok(Math.abs(actual[b]![d]! - expected[d]!) < 1e-5, `row ${b}`);
    }
  });
  test("decodes its own code to its own reconstruction", () => {
    const { tf } = device;
    for (const expert of [topK3, { type: "relu" }]) {
      const model = make({ expert });
      const pass = model.forward(tf.tensor2d(normalRows(5, width), [5, width]));
      assert.equal(model.decode(pass.code).arraySync(), pass.reconstruction_BD.arraySync());
    }
  });
  test("starts the decoder's bias, and with it the router's, at the geometric median", () => {
    const rows = normalRows(40, width, 3);
    const expected = geometricMedian(rows, width);
    for (const bias of ["shared", "separate"]) {
      const model = make({ router: { ...switchOf4, bias } });
      model.initialiseFromRows(rows);
      assert.equal(model.parameters.get("decoder_bias").dataSync(), expected);
      assert.equal(model.parameters.get("router.input_bias").dataSync(), expected);
    }
  });
  test("starts biases at zero where the config says so", () => {
    const model = make({ dictionary: { decoderBias: "zeros" } });
    model.initialiseFromRows(normalRows(4, width));
    assert.equal(values(model, "decoder_bias"), [0, 0, 0, 0, 0, 0]);
    assert.equal(values(model, "router.input_bias"), [0, 0, 0, 0, 0, 0]);
  });
  test("shares the router's bias with the decoder's only when asked", () => {
    const shared = (bias: string): unknown => make({ router: { ...switchOf4, bias } }).parameters.shared;
    assert.equal(shared("shared"), [["decoder_bias", "router.input_bias"]]);
    assert.equal(shared("separate"), []);
    assert.equal(shared("none"), []);
  });
  test("subtracts the decoder's bias from its input only when asked", () => {
    const rows = normalRows(3, width);
    const outputs = [true, false].map((subtractDecoderBias) => {
      const model = make({ router: { type: "none" }, dictionary: { subtractDecoderBias } });
      // Encoder zero but for the bias, so that nothing but the subtraction can differ.
      setParameter(device.tf, model, "decoder_bias", [1, 2, 3, 4, 5, 6]);
      return forward(model, rows);
    });
    assert.not.equal(outputs[0], outputs[1]);
    const shifted = rows.map((value, i) => value - ((i % width) + 1));
    const model = make({ router: { type: "none" }, dictionary: { subtractDecoderBias: false } });
    setParameter(device.tf, model, "decoder_bias", [1, 2, 3, 4, 5, 6]);
    forward(model, shifted).forEach((value, i) => {
      assert.ok(Math.abs(value - outputs[0]![i]!) < 1e-5);
    });
  });
  test("adds the encoder's bias of the routed expert", () => {
    const { tf } = device;
    const model = make({ expert: { type: "relu" }, dictionary: { encoderBias: true } });
    setParameter(tf, model, "encoder", new Float32Array(features * width));
    setParameter(
      tf,
      model,
      "encoder_bias",
      Array.from({ length: features }, (_unused, f) => f),
    );
    const { code, routing } = model.forward(tf.tensor2d(normalRows(7, width), [7, width]));
    assert.is(code.kind, "block");
    if (code.kind !== "block") return;
    const experts = routing.expertIndices_BR.arraySync();
    const gates = routing.gates_BR.arraySync();
    for (const [b, blocks] of code.values_BRM.arraySync().entries()) {
      const expected = Array.from({ length: 6 }, (_unused, m) =>
        Math.fround(gates[b]![0]! * (experts[b]![0]! * 6 + m)),
      );
      assert.equal(blocks[0], expected);
    }
  });
  test("rejects a k larger than the routed blocks, naming the limit", () => {
    const model = make({ expert: { type: "top-k", k: 7 } });
    assert.throws(
      () => forward(model, normalRows(2, width)),
      (error: SwitchyardError) => {
        assert.is(error.code, "K_TOO_LARGE");
        assert.is(error.expected, "at most 6: 1 experts of 6 features");
        return true;
      },
    );
    const two = make({ expert: { type: "top-k", k: 7 }, router: { type: "top-e", experts: 4, e: 2 } });
    assert.is(forward(two, normalRows(2, width)).length, 2 * width);
  });
  test("leaves no tensor behind in a tidy forward pass", () => {
    const model = make({ router: { type: "top-e", experts: 4 }, dictionary: { encoderBias: true } });
    forward(model, normalRows(3, width));
    const before = device.tf.memory().numTensors;
    forward(model, normalRows(3, width));
    model.initialiseFromRows(normalRows(3, width));
    assert.is(device.tf.memory().numTensors, before);
  });
  test("starts the same from the same seed and otherwise from another", () => {
    assert.equal(values(make({ seed: 4 }), "router.weight"), values(make({ seed: 4 }), "router.weight"));
    assert.not.equal(values(make({ seed: 4 }), "encoder"), values(make({ seed: 5 }), "encoder"));
    // One more parameter does not move the dictionary.
    assert.equal(values(make({ router: { type: "none" } }), "encoder"), values(make(), "encoder"));
  });
});
