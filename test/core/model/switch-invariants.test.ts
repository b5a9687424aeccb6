/**
 * Properties of a Switch SAE that hold whatever the numbers are, on every device.
 */
import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { SparseAutoencoder } from "../../../core/model/sparse-autoencoder.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import type { Kernels } from "../../../kernels/kernels.ts";
import { suite } from "../../suite.ts";
import { denseKernels } from "./dense-kernels.ts";
import { makeModel, normalRows, setParameter } from "./make-model.ts";
import type { ModelChoice } from "./make-model.ts";

const width = 8;
const features = 32;
const topK4 = { type: "top-k", k: 4 };
const routers = {
  none: { type: "none" },
  switch: { type: "switch", experts: 4 },
  "switch heaviside": { type: "switch", experts: 4, gate: "heaviside" },
  "top-2": { type: "top-e", experts: 4, e: 2 },
  "top-4 of 4": { type: "top-e", experts: 4, e: 4 },
};

for (const provider of [cpuDevice, wasmDevice]) {
  suite(`invariants of a routed autoencoder on ${provider.name}`, (test, hooks) => {
    let device: Device;
    hooks.before(async () => {
      device = await provider.open();
    });
    const make = (choice: Partial<ModelChoice>): SparseAutoencoder =>
      makeModel({ ...device, width, features, router: routers.switch, expert: topK4, ...choice });
    const batch = (rows: number, seed = 1): tensorflow.Tensor2D =>
      device.tf.tensor2d(normalRows(rows, width, seed), [rows, width]);
    const output = (model: SparseAutoencoder, acts_BD: tensorflow.Tensor2D): Float32Array =>
      device.tf.tidy(() => model.forward(acts_BD).reconstruction_BD.dataSync<"float32">());
    /** Gradients of the reconstruction error by parameter name. */
    const gradients = (model: SparseAutoencoder, acts_BD: tensorflow.Tensor2D): Map<string, Float32Array> => {
      const { tf } = device;
      const { grads } = tf.variableGrads(
        () => tf.sum<tensorflow.Scalar>(tf.square(tf.sub(model.forward(acts_BD).reconstruction_BD, acts_BD))),
        model.parameters.all.map(({ variable }) => variable),
      );
      const found = model.parameters.all.filter(({ variable }) => variable.name in grads);
      return new Map(found.map(({ name, variable }) => [name, grads[variable.name]!.dataSync<"float32">()]));
    };

    test("one heaviside expert, or one with probability 1, is a plain top-k autoencoder to the bit", () => {
      const acts_BD = batch(13);
      const plain = output(make({ router: { type: "none" } }), acts_BD);
      for (const gate of ["heaviside", "softmax"]) {
        assert.equal(output(make({ router: { type: "switch", experts: 1, gate } }), acts_BD), plain);
      }
      assert.equal(output(make({ router: { type: "top-e", experts: 1, e: 1 } }), acts_BD), plain);
    });

    for (const [name, router] of Object.entries(routers)) {
      for (const expert of [topK4, { type: "relu" }]) {
        const dictionary = { encoderBias: true };
        const withBias = (kernels: Kernels): SparseAutoencoder => {
          const model = make({ router, expert, dictionary, kernels });
          setParameter(
            device.tf,
            model,
            "encoder_bias",
            normalRows(1, features, 9).map((value) => 0.1 * value),
          );
          setParameter(device.tf, model, "decoder_bias", normalRows(1, width, 8));
          return model;
        };
        test(`${name} with ${expert.type} equals a dense computation with a mask, gradients included`, () => {
          const acts_BD = batch(11);
          const grouped = withBias(device.kernels);
          const dense = withBias(denseKernels);
          assertClose(output(grouped, acts_BD), output(dense, acts_BD), "reconstruction");
          const [actual, expected] = [gradients(grouped, acts_BD), gradients(dense, acts_BD)];
          assert.equal([...actual.keys()], [...expected.keys()]);
          for (const [parameter, gradient] of actual) assertClose(gradient, expected.get(parameter)!, parameter);
        });
      }
      test(`${name} activates features of the routed blocks only, ascending and all different`, () => {
        const { code, routing } = make({ router }).forward(batch(17));
        assert.is(code.kind, "sparse");
        if (code.kind !== "sparse") return;
        const perExpert = name === "none" ? features : features / 4;
        const experts = routing.expertIndices_BR.arraySync();
        for (const [b, indices] of code.indices_BK.arraySync().entries()) {
          for (const [i, feature] of indices.entries()) {
            assert.ok(experts[b]!.includes(Math.floor(feature / perExpert)), `row ${b}, feature ${feature}`);
            assert.ok(i === 0 || feature > indices[i - 1]!);
          }
        }
      });
      test(`${name} works on batches of one row and of sizes that divide by nothing`, () => {
        const model = make({ router });
        const all_BD = batch(7);
        const whole = output(model, all_BD);
        for (let b = 0; b < 7; b++) {
          const row_BD = device.tf.slice(all_BD, [b, 0], [1, width]);
          assertClose(output(model, row_BD), whole.subarray(b * width, (b + 1) * width), `row ${b}`);
        }
      });
    }

    test("permuting the experts leaves the output as it was", () => {
      const permutation = [2, 0, 3, 1];
      for (const router of [routers.switch, routers["top-2"]]) {
        const model = make({ router });
        const acts_BD = batch(19);
        const before = output(model, acts_BD);
        for (const parameter of ["encoder", "decoder", "router.weight"]) {
          const flat = model.parameters.get(parameter).dataSync<"float32">().slice();
          const size = flat.length / 4;
          const permuted = permutation.map((from) => flat.subarray(from * size, (from + 1) * size));
          setParameter(
            device.tf,
            model,
            parameter,
            permuted.flatMap((part) => [...part]),
          );
        }
        // Clipped scores tie in top-2, and which of the tied experts is lower changes: compare rows without ties.
        const ties = tiedRows(device.tf, model, acts_BD, router.type === "top-e" ? 2 : 0);
        const after = output(model, acts_BD);
        assert.ok(ties.filter((tied) => !tied).length > 5);
        for (const [b, isTied] of ties.entries()) {
          if (isTied) continue;
          const span = [b * width, (b + 1) * width] as const;
          assertClose(after.subarray(...span), before.subarray(...span), `row ${b}`);
        }
      }
    });

    test("the reconstruction trains the router through softmax gates, and not through heaviside ones", () => {
      const router = (gate: string) => ({ type: "switch", experts: 4, gate });
      const trained = gradients(make({ router: router("softmax") }), batch(16)).get("router.weight");
      assert.ok(trained !== undefined && trained.some((value) => Math.abs(value) > 1e-3));
      const untrained = gradients(make({ router: router("heaviside") }), batch(16)).get("router.weight");
      assert.ok(untrained === undefined || untrained.every((value) => value === 0));
    });

    test("experts that receive no row get zero gradients and disturb nobody", () => {
      const model = make({});
      // Every logit of expert 1 is far above the others for these rows.
      const acts_BD = device.tf.tensor2d(normalRows(9, width).map(Math.abs), [9, width]);
      setParameter(
        device.tf,
        model,
        "router.weight",
        Array.from({ length: 32 }, (_unused, i) => (Math.floor(i / 8) === 1 ? 5 : 0)),
      );
      assert.ok(
        model
          .forward(acts_BD)
          .routing.expertIndices_BR.dataSync()
          .every((expert) => expert === 1),
      );
      const encoder = gradients(model, acts_BD).get("encoder")!;
      const block = (features * width) / 4;
      assert.ok(encoder.subarray(block, 2 * block).some((value) => value !== 0));
      assert.ok([...encoder.subarray(0, block), ...encoder.subarray(2 * block)].every((value) => value === 0));
    });

    test("k as large as a block keeps the whole block", () => {
      const all = output(make({ expert: { type: "top-k", k: 8 } }), batch(6));
      assertClose(all, output(make({ expert: { type: "relu" } }), batch(6)), "k = M");
    });
  });
}

function tiedRows(tf: typeof tensorflow, model: SparseAutoencoder, acts_BD: tensorflow.Tensor2D, e: number): boolean[] {
  const weight_ED = model.parameters.get("router.weight") as tensorflow.Tensor as tensorflow.Tensor2D;
  const scores = tf.matMul<tensorflow.Tensor2D>(acts_BD, weight_ED, false, true).arraySync();
  return scores.map((row) => row.filter((score) => score > 0).length < e);
}

function assertClose(actual: Float32Array, expected: Float32Array, what: string): void {
  assert.is(actual.length, expected.length, what);
  for (const [i, value] of actual.entries()) {
    assert.ok(
      Math.abs(value - expected[i]!) <= 1e-4 + 1e-4 * Math.abs(expected[i]!),
      `${what}[${i}]: ${value}, not ${expected[i]!}`,
    );
  }
}
