import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import type { SparseAutoencoder } from "../../../core/model/sparse-autoencoder.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { gateReconstruction } from "../../../plugins/loss/gate-reconstruction.ts";
import { buildPlugin } from "../../core/model/build-plugin.ts";
import { makeModel, normalRows, setParameter } from "../../core/model/make-model.ts";
import { suite } from "../../suite.ts";
import { lossInput } from "./loss-input.ts";

const width = 4;
const features = 12;
const numRows = 7;
const rows = normalRows(numRows, width, 2);

for (const provider of [cpuDevice, wasmDevice]) {
  suite(`loss gate-reconstruction on ${provider.name}`, (test, hooks) => {
    let device: Device;
    let tf: typeof tensorflow;
    hooks.before(async () => {
      device = await provider.open();
      ({ tf } = device);
    });
    const build = (options: object = {}) =>
      buildPlugin(gateReconstruction, { type: "gate-reconstruction", ...options }, { kernels: device.kernels })
        .instance;
    const make = (experts: number): SparseAutoencoder => {
      const router = experts === 1 ? { type: "none" } : { type: "switch", experts };
      const model = makeModel({
        ...{ tf, kernels: device.kernels, width, features, router, seed: 6 },
        expert: { type: "gated" },
      });
      model.initialiseFromRows(rows);
      setParameter(tf, model, "expert.gate_bias", normalRows(features, 1, 8));
      setParameter(tf, model, "expert.magnitude_bias", normalRows(features, 1, 9));
      return model;
    };
    const compute = (model: SparseAutoencoder): tensorflow.Scalar => {
      const pass = model.forward(tf.tensor2d(rows.slice(), [numRows, width]));
      const input = lossInput({ shape: model.shape, decode: (code, options) => model.decode(code, options) });
      return build().compute({ ...input, ...pass.normalised, code: pass.code });
    };

    test("is the error of what the gate's own code decodes to, bias added", () => {
      for (const experts of [1, 3]) {
        const model = make(experts);
        const matrix = (name: string): number[][] => model.parameters.get(name).arraySync() as number[][];
        const vector = (name: string): number[] => model.parameters.get(name).arraySync() as number[];
        const { routing } = model.forward(tf.tensor2d(rows.slice(), [numRows, width]));
        const [chosen, gates] = [routing.expertIndices_BR.arraySync(), routing.gates_BR.arraySync()];
        const [encoder, decoder, bias] = [matrix("encoder"), matrix("decoder"), vector("decoder_bias")];
        let expected = 0;
        for (let b = 0; b < numRows; b++) {
          const x = [...rows.slice(b * width, (b + 1) * width)];
          const code = encoder.map((weights, f) => {
            if (Math.floor((f * experts) / features) !== chosen[b]![0]) return 0;
            const z = weights.reduce((total, weight, d) => total + weight * (x[d]! - bias[d]!), 0);
            return gates[b]![0]! * Math.max(0, z + vector("expert.gate_bias")[f]!);
          });
          for (const [d, value] of x.entries()) {
            const decoded = code.reduce((total, part, f) => total + part * decoder[f]![d]!, bias[d]!);
            expected += (value - decoded) ** 2 / numRows;
          }
        }
        const value = compute(model).dataSync()[0]!;
        assert.ok(Math.abs(value - expected) < 1e-5 * expected, `${value}, not ${expected}`);
      }
    });
    test("trains encoder and gate, and neither decoder, magnitudes nor the bias as a part of what is decoded", () => {
      const model = make(1);
      const { grads } = tf.variableGrads(
        () => tf.add(compute(model), tf.mul(tf.addN(model.parameters.all.map(({ variable }) => tf.sum(variable))), 0)),
        model.parameters.all.map(({ variable }) => variable),
      );
      const isMoved = (name: string): boolean =>
        [...grads[model.parameters.get(name).name]!.dataSync()].some((value) => value !== 0);
      for (const name of ["encoder", "expert.gate_bias"]) assert.ok(isMoved(name), name);
      for (const name of ["decoder", "expert.magnitude_bias", "expert.magnitude_log_scale"])
        assert.not(isMoved(name), name);
    });
    test("says which expert has a gate when this one has none", () => {
      const model = make(1);
      assert.throws(
        () => build().compute(lossInput({ shape: model.shape })),
        (error: SwitchyardError) => error.code === "CODE_HAS_NO_TRAIT" && error.next!.includes("gated"),
      );
    });
    test("weighs 1 unless told otherwise, and warms up", () => {
      assert.is(build().weight(7, 100), 1);
      const loss = build({ weight: 4, warmupSteps: 8 });
      assert.equal(
        [0, 2, 8, 99].map((step) => loss.weight(step, 100)),
        [0, 1, 4, 4],
      );
    });
  });
}
