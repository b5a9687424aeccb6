import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { Encoding } from "../../../core/model/contracts.ts";
import { createRng } from "../../../core/model/rng.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { gated } from "../../../plugins/expert/gated.ts";
import { buildPlugin } from "../../core/model/build-plugin.ts";
import { activeOf, integerBatch } from "../../core/model/integer-batch.ts";
import type { BatchChoice } from "../../core/model/integer-batch.ts";
import { suite } from "../../suite.ts";

const names = ["magnitude_log_scale", "gate_bias", "magnitude_bias"] as const;

for (const provider of [cpuDevice, wasmDevice]) {
  suite(`expert gated on ${provider.name}`, (test, hooks) => {
    let device: Device;
    let tf: typeof tensorflow;
    hooks.before(async () => {
      device = await provider.open();
      ({ tf } = device);
    });
    const build = () => buildPlugin(gated, { type: "gated" }, { tf });
    const stream = createRng(5).stream("gated");
    const numbers = (): number[] => Array.from({ length: 24 }, () => Math.fround(stream.normal()));
    const own = { magnitude_log_scale: numbers(), gate_bias: numbers(), magnitude_bias: numbers() };
    const choices: readonly BatchChoice[] = [
      { experts: 1, selected: 1, hasBias: false },
      { experts: 4, selected: 2, hasBias: false },
    ];

    /** Every reachable feature's gate code and code in float64, before the router's gate and after. */
    const reference = (choice: BatchChoice) => {
      const batch = integerBatch(choice);
      const { acts, encoder, experts, gates } = batch.plain;
      return batch.candidates.map(({ row, feature }) => {
        const slot = experts[row]!.indexOf(Math.floor(feature / batch.shape.featuresPerExpert));
        const product = encoder[feature]!.reduce((sum, weight, d) => sum + weight * acts[row]![d]!, 0);
        const open = product + own.gate_bias[feature]!;
        const magnitude = product * Math.exp(own.magnitude_log_scale[feature]!) + own.magnitude_bias[feature]!;
        const gate = gates[row]![slot]!;
        const value = open > 0 ? Math.max(0, magnitude) : 0;
        return {
          row,
          feature,
          slot,
          product,
          open,
          magnitude,
          gate,
          code: gate * value,
          gateCode: gate * Math.max(0, open),
        };
      });
    };
    const tensors = () => names.map((name) => tf.tensor1d(own[name]));
    const encode = (choice: BatchChoice, given: tensorflow.Tensor[], encoder?: tensorflow.Tensor): Encoding => {
      const parameters = Object.fromEntries(names.map((name, i) => [name, given[i]!]));
      return build().instance.encode(
        integerBatch(choice).context(device, { parameters, ...(encoder === undefined ? {} : { encoder }) }),
      );
    };

    test("starts with three numbers a feature, all 0", () => {
      const inits = build().instance.initialise!(integerBatch().shape, createRng(0));
      assert.equal(Object.keys(inits), [...names]);
      for (const { shape, values } of Object.values(inits)) {
        assert.equal(shape, [24]);
        assert.equal(values, new Float32Array(24));
      }
      assert.equal(build().facts, {});
    });
    test("lets magnitudes through where the gate is open, and says what the gate itself is", () => {
      for (const choice of choices) {
        const expected = reference(choice);
        const { shape } = integerBatch(choice);
        const encoding = encode(choice, tensors());
        for (const [code, field] of [
          [encoding, "code"],
          [encoding.gateCode!, "gateCode"],
        ] as const) {
          const active = activeOf(code, shape);
          const nonzero = expected.filter((entry) => entry[field] !== 0);
          assert.is(active.length, nonzero.length, field);
          for (const [i, { row, feature, value }] of active.entries()) {
            assert.equal([row, feature], [nonzero[i]!.row, nonzero[i]!.feature]);
            assert.ok(Math.abs(value - nonzero[i]![field]) < 1e-5 * (1 + value), `${field} ${row} ${feature}`);
          }
        }
      }
    });
    test("trains magnitudes through the code, and the gate through its own code alone", () => {
      for (const choice of choices) {
        const entries = reference(choice);
        const isOn = (entry: (typeof entries)[number]): boolean => entry.open > 0 && entry.magnitude > 0;
        const sums = (of: (entry: (typeof entries)[number]) => number): number[] => {
          const result = new Array<number>(24).fill(0);
          for (const entry of entries) result[entry.feature]! += of(entry);
          return result;
        };
        const scaled = (entry: (typeof entries)[number]): number =>
          entry.gate * entry.product * Math.exp(own.magnitude_log_scale[entry.feature]!);
        const expected = {
          code: [
            sums((entry) => (isOn(entry) ? scaled(entry) : 0)),
            sums(() => 0),
            sums((entry) => (isOn(entry) ? entry.gate : 0)),
          ],
          gateCode: [sums(() => 0), sums((entry) => (entry.open > 0 ? entry.gate : 0)), sums(() => 0)],
        };
        for (const which of ["code", "gateCode"] as const) {
          const gradients = tf.grads((...given) => {
            const encoding = encode(choice, given);
            const code = which === "code" ? encoding : encoding.gateCode!;
            if (code.kind !== "block") throw new Error("a gated code is a block code");
            const anchor = tf.mul(tf.addN(given.map((tensor) => tf.sum(tensor))), 0);
            return tf.add(tf.sum(code.values_BRM), anchor);
          })(tensors());
          for (const [i, gradient] of gradients.entries()) {
            for (const [f, value] of [...gradient.dataSync()].entries()) {
              const wanted = expected[which][i]![f]!;
              assert.ok(Math.abs(value - wanted) < 1e-4 * (1 + Math.abs(wanted)), `${which} by ${names[i]!} ${f}`);
            }
          }
        }
      }
    });
  });
}
