/** Variables of the native device are updated where they lie, and nobody else may see it. */
import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { Device } from "../../../kernels/devices/device.ts";
import { detach } from "../../../kernels/tape.ts";
import { nativeSuite, openNative, overwriteFreeMemory, type Native } from "./native-suite.ts";

/** A variable, and the values of somebody who may share its data. */
interface Shared {
  readonly variable: tf.Variable;
  readonly read: () => ArrayLike<number>;
}

nativeSuite("variables that are updated in place", (test) => {
  const shape: [number, number] = [71, 70];
  const values = Float32Array.from({ length: 71 * 70 }, (_, i) => 1 + (i % 5));

  const updates: Readonly<Record<string, (device: Device, variable: tf.Variable) => void>> = {
    adamStep: ({ kernels }, parameter) => {
      const [first, second] = tf.tidy(() => [tf.variable(tf.zeros(shape)), tf.variable(tf.zeros(shape))] as const);
      const adam = { learningRate: 0.5, beta1: 0.9, beta2: 0.99, epsilon: 1e-8 };
      tf.tidy(() => {
        for (const step of [1, 2]) kernels.adamStep(parameter, tf.ones(shape), { first, second }, { ...adam, step });
      });
      tf.dispose([first, second]);
    },
    normaliseRows: ({ kernels }, matrix) => {
      kernels.normaliseRows(matrix);
      kernels.normaliseRows(matrix);
    },
  };

  /** Everybody who may share data with a variable; each returns the variable and how to read the other. */
  const sharers: Readonly<Record<string, (native: Native) => Shared>> = {
    "the caller's array": () => {
      const array = values.slice();
      return { variable: tf.variable(tf.tensor2d(array, shape)), read: () => array };
    },
    "the tensor that it was made from": () => {
      const made = tf.keep(tf.mul(tf.tensor2d(values, shape), 1));
      return { variable: tf.variable(made), read: readerOf(made) };
    },
    "a clone": () => sharing((variable) => tf.clone(variable)),
    "a reshaped tensor": () => sharing((variable) => tf.reshape(variable, [-1])),
    "a detached tensor": () => sharing((variable) => detach(variable)),
    "another variable": () => sharing((variable) => tf.variable(variable)),
    "a variable that was assigned from it": () =>
      sharing((variable) => {
        const other = tf.variable(tf.zeros(shape));
        other.assign(variable);
        return other;
      }),
    "an array that was read of it": () => {
      const variable = tf.variable(tf.mul(tf.tensor2d(values, shape), 1));
      const array = variable.dataSync();
      return { variable, read: () => array };
    },
    "a tensor of one more axis": () => sharing((variable) => tf.expandDims(variable, 0)),
  };

  function sharing(share: (variable: tf.Variable) => tf.Tensor): Shared {
    const variable = tf.variable(tf.mul(tf.tensor2d(values, shape), 1));
    return { variable, read: readerOf(tf.keep(share(variable))) };
  }

  function readerOf(tensor: tf.Tensor): () => ArrayLike<number> {
    return () => {
      const read = tensor.dataSync();
      tensor.dispose();
      return read;
    };
  }

  for (const [name, update] of Object.entries(updates)) {
    for (const [what, share] of Object.entries(sharers)) {
      test(`by ${name} leave alone: ${what}`, async () => {
        const native = await openNative();
        const before = tf.memory().numTensors;
        const { variable, read } = scoped(() => share(native));
        update(native.device, variable);
        assert.not.equal(variable.dataSync(), values);
        overwriteFreeMemory(native, values.length);
        assert.equal(Float32Array.from(read()), values);
        variable.dispose();
        assert.is(tf.memory().numTensors, before, "tensors");
      });
    }
  }

  test("do not change the gradient of what was computed of them before", async () => {
    const { device } = await openNative();
    const variable = tf.tidy(() => tf.variable(tf.mul(tf.tensor2d(values, shape), 1)));
    const { value, grads } = tf.variableGrads(() => {
      const loss = tf.sum<tf.Scalar>(tf.square(variable));
      device.kernels.normaliseRows(variable);
      return loss;
    }, [variable]);
    assert.equal(
      grads[variable.name]!.dataSync(),
      values.map((x) => 2 * x),
    );
    tf.dispose([value, grads, variable]);
  });

  test("stay where they are, step after step", async () => {
    const { device, memory } = await openNative();
    const variable = tf.tidy(() => tf.variable(tf.tensor2d(values, shape)));
    device.kernels.normaliseRows(variable);
    const where = memory.floats(variable);
    for (const update of Object.values(updates)) update(device, variable);
    assert.is(memory.floats(variable), where);
    variable.dispose();
  });
});

/** Disposes what `make` leaves behind, and may return anything. */
function scoped<T>(make: () => T): T {
  tf.engine().startScope();
  try {
    return make();
  } finally {
    tf.engine().endScope();
  }
}
