import type * as tensorflow from "@tensorflow/tfjs";
import { Type } from "typebox";
import * as assert from "uvu/assert";
import { createRng } from "../../core/model/rng.ts";
import { suite } from "../suite.ts";
import { expectClose, expectFinite, expectShape } from "./conformance-case.ts";
import { exampleOptions } from "./example-options.ts";
import { checkGradients } from "./finite-differences.ts";
import { openCpuDevice } from "./workbench.ts";

suite("conformance tools", (test) => {
  test("name the entry that is furthest off", () => {
    assert.throws(() => {
      expectClose("x", [1, 2.1, 4], [1, 2, 3]);
    }, /x, entry 2: expected 3 within 0\.000001 \+ 0\.00001 relative, received 4/);
    assert.throws(() => {
      expectClose("x", [1, Number.NaN], [5, 2]);
    }, /entry 1: .* received NaN/);
    assert.throws(() => {
      expectClose("x", [1], [1, 2]);
    }, /x, number of entries: expected 2, received 1/);
    expectClose("x", [1 + 1e-7], [1]);
  });

  test("compare shapes and find what is not finite", () => {
    assert.throws(() => {
      expectShape("x", [2, 3], [3, 2]);
    }, /shape of x: expected \[3, 2\], received \[2, 3\]/);
    assert.throws(() => {
      expectFinite("x", [1, Number.POSITIVE_INFINITY]);
    }, /x, entry 1: expected a finite number, received Infinity/);
  });

  test("guess options from a schema: defaults first, then small values within bounds", () => {
    const schema = Type.Object({
      experts: Type.Integer({ minimum: 1 }),
      few: Type.Integer({ maximum: 2 }),
      rate: Type.Number({ default: 0.1 }),
      share: Type.Number({ minimum: 0, maximum: 0.25 }),
      mode: Type.Union([Type.Literal("fast"), Type.Literal("slow")]),
      level: Type.Enum(["low", "high"]),
      flag: Type.Boolean(),
      left: Type.Optional(Type.Integer()),
      nested: Type.Object({ k: Type.Integer({ minimum: 9 }) }),
    });
    assert.equal(exampleOptions(schema, { flag: true }), {
      flag: true,
      experts: 4,
      few: 2,
      rate: 0.1,
      share: 0.25,
      mode: "fast",
      level: "low",
      nested: { k: 9 },
    });
    assert.throws(() => exampleOptions(Type.Object({ file: Type.String() })), /option "file" is required/);
  });

  test("agree with a gradient known in closed form, and disagree with it scaled", async () => {
    const device = await openCpuDevice();
    const { tf } = device;
    const x = tf.variable(tf.tensor1d([0.3, -0.7, 1.1]));
    const stream = createRng(0).stream("x");
    const check = (scale: number): void => {
      const cube = tf.customGrad((input) => ({
        value: tf.pow(input as tensorflow.Tensor, 3),
        gradFunc: (dy: tensorflow.Tensor) => tf.mul(dy, tf.mul(3 * scale, tf.square(input as tensorflow.Tensor))),
      }));
      const compute = () => ({ values: [cube(x)], coefficients: [Float32Array.of(1, 2, 3)] });
      checkGradients({ device, variables: { x }, compute, stream });
    };
    check(1);
    assert.throws(() => {
      check(1.1);
    }, /gradient in x, entry/);
    assert.equal([...x.dataSync()], [...Float32Array.of(0.3, -0.7, 1.1)]);
    x.dispose();
  });

  test("refuse to call a function checked that bends everywhere", async () => {
    const device = await openCpuDevice();
    const x = device.tf.variable(device.tf.tensor1d([0, 0.001]));
    const compute = () => ({ values: [device.tf.abs(x)], coefficients: [Float32Array.of(1, 1)] });
    const stream = createRng(0).stream("x");
    assert.throws(() => {
      checkGradients({ device, variables: { x }, compute, stream });
    }, /away from kinks: expected at least half, received 0 of 2/);
    x.dispose();
  });
});
