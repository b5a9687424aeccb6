import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { ParameterInit } from "../../../core/model/contracts.ts";
import { createModelShape } from "../../../core/model/model-shape.ts";
import { createRng } from "../../../core/model/rng.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { hash } from "../../../plugins/router/hash.ts";
import { buildPlugin } from "../../core/model/build-plugin.ts";
import { makeModel, normalRows } from "../../core/model/make-model.ts";
import { suite } from "../../suite.ts";

const width = 6;
const experts = 5;

for (const provider of [cpuDevice, wasmDevice]) {
  suite(`router hash on ${provider.name}`, (test, hooks) => {
    let device: Awaited<ReturnType<typeof provider.open>>;
    let tf: typeof tensorflow;
    hooks.before(async () => {
      device = await provider.open();
      ({ tf } = device);
    });
    const build = () => buildPlugin(hash, { type: "hash", experts }, { tf });
    const initialise = (seed: number): { directions: ParameterInit; centre: ParameterInit } => {
      const { facts, instance } = build();
      const shape = createModelShape({ width, features: 10, router: facts });
      const { directions, centre } = instance.initialise(shape, createRng(seed));
      return { directions: directions!, centre: centre! };
    };

    test("states that it scores every expert and trains none of the scores", () => {
      const { facts } = build();
      assert.equal([facts.scores, facts.trainedScores], [facts.numExperts, 0]);
    });
    test("draws unit directions from the seed and starts its centre at the decoder's bias; nothing is trained", () => {
      const { directions, centre } = initialise(1);
      assert.equal([directions.shape, centre.shape], [[experts, width], [width]]);
      assert.equal([directions.trainable, centre.trainable, centre.decoderBias], [false, false, "copy"]);
      for (let e = 0; e < experts; e += 1) {
        const row = directions.values.subarray(e * width, (e + 1) * width);
        assert.ok(Math.abs(Math.hypot(...row) - 1) < 1e-6);
      }
      assert.equal(initialise(1).directions.values, directions.values);
      assert.not.equal(initialise(2).directions.values, directions.values);
    });
    test("sends a row to the direction with the largest product after its centre is subtracted, with gate 1", () => {
      const { directions } = initialise(3);
      const centre = [0.5, -1, 0, 2, 0, 1];
      const rows = Array.from({ length: 30 }, (_unused, b) => [...normalRows(1, width, b)]);
      const expected = rows.map((row) => {
        const products = Array.from({ length: experts }, (_unused, e) =>
          row.reduce((sum, value, d) => sum + (value - centre[d]!) * directions.values[e * width + d]!, 0),
        );
        return products.indexOf(Math.max(...products));
      });
      const routing = build().instance.route(tf.tensor2d(rows), {
        directions: tf.tensor2d(directions.values, [experts, width]),
        centre: tf.tensor1d(centre),
      });
      assert.is(routing.expertIndices_BR.dtype, "int32");
      assert.equal([...routing.expertIndices_BR.dataSync()], expected);
      assert.ok(new Set(expected).size > 2);
      assert.ok(routing.gates_BR.dataSync().every((gate) => gate === 1));
      assert.equal([routing.probabilities_BE, routing.logits_BE], [undefined, undefined]);
    });
    test("does not look at the length of a centred row", () => {
      const { directions } = initialise(3);
      const named = { directions: tf.tensor2d(directions.values, [experts, width]), centre: tf.zeros([width]) };
      const acts_BD = tf.tensor2d(normalRows(20, width), [20, width]);
      const of = (rows_BD: tensorflow.Tensor2D): number[] => [
        ...build().instance.route(rows_BD, named).expertIndices_BR.dataSync(),
      ];
      assert.equal(of(tf.mul(acts_BD, 7)), of(acts_BD));
    });
    test("is stored as buffers of the model, whose centre is the geometric median of the first rows", () => {
      const router = { type: "hash", experts };
      const model = makeModel({ ...device, width, features: 10, router, expert: { type: "relu" } });
      const names = model.parameters.buffers.map(({ name }) => name);
      assert.ok(names.includes("router.directions") && names.includes("router.centre"));
      assert.ok(model.parameters.all.every(({ name }) => !name.startsWith("router.")));
      model.initialiseFromRows(normalRows(50, width).map((value) => value + 3));
      const centre = model.parameters.get("router.centre").dataSync();
      assert.equal([...centre], [...model.parameters.get("decoder_bias").dataSync()]);
      assert.ok(centre.every((value) => value > 2));
    });
  });
}
