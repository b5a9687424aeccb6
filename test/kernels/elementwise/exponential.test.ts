/** The vector exponential, as tf.exp and tf.sigmoid of the native device show it. */
import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { expectClose } from "../../conformance/conformance-case.ts";
import { instructionSetSuites } from "../native/native-suite.ts";

instructionSetSuites("exp and sigmoid", (test, open) => {
  const values = Float32Array.from({ length: 40_000 }, (_, i) => -87.3 + (176 * i) / 40_000);

  test("exp is within two units of the last place of its definition", async () => {
    await open();
    const received = tf.tidy(() => tf.exp(tf.tensor1d(values)).dataSync());
    expectClose("exp", received, Float64Array.from(values).map(Math.exp), { atol: 0, rtol: 2e-7 });
  });

  test("exp is exact at zero, infinite beyond float32 and zero below its normal numbers", async () => {
    await open();
    const at = [0, -0, 88.72, 88.73, 1e30, Infinity, -87.3, -87.4, -103, -1e30, -Infinity, NaN];
    const received = tf.tidy(() => tf.exp(tf.tensor1d(at)).dataSync());
    assert.equal([...received.slice(0, 2)], [1, 1]);
    assert.ok(Number.isFinite(received[2]) && received[2]! > 3.3e38);
    assert.equal([...received.slice(3, 6)], [Infinity, Infinity, Infinity]);
    assert.ok(received[6]! > 1.1e-38 && received[6]! < 1.3e-38);
    assert.equal([...received.slice(7, 11)], [0, 0, 0, 0]);
    assert.ok(Number.isNaN(received[11]));
  });

  test("exp near one half of ln 2, where it changes over to the next power of two, is continuous", async () => {
    await open();
    const near = Float32Array.from({ length: 2001 }, (_, i) => 0.34657359 + (i - 1000) * 1e-7);
    const received = tf.tidy(() => tf.exp(tf.tensor1d(near)).dataSync());
    expectClose("exp", received, Float64Array.from(near).map(Math.exp), { atol: 0, rtol: 2e-7 });
  });

  test("sigmoid follows its definition and ends at 0 and 1", async () => {
    await open();
    const received = tf.tidy(() => tf.sigmoid(tf.tensor1d(values)).dataSync());
    const expected = Float64Array.from(values).map((x) => 1 / (1 + Math.exp(-x)));
    expectClose("sigmoid", received, expected, { atol: 1.2e-38, rtol: 4e-7 });
    const ends = tf.tidy(() => tf.sigmoid(tf.tensor1d([-Infinity, -1e30, -200, 200, 1e30, Infinity, NaN])).dataSync());
    assert.equal([...ends.slice(0, 6)], [0, 0, 0, 1, 1, 1]);
    assert.ok(Number.isNaN(ends[6]));
  });
});
