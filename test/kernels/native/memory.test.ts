import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { memoryOf } from "../../../kernels/native/memory.ts";
import { detach } from "../../../kernels/tape.ts";
import { suite } from "../../suite.ts";
import { nativeSuite, openNative } from "./native-suite.ts";

nativeSuite("native memory", (test) => {
  test("gives the tensor's own memory, not a copy", async () => {
    const { memory } = await openNative();
    tf.tidy(() => {
      const floats = memory.allocate([2, 2], "float32");
      memory.floats(floats).set([1, 2, 3, 4]);
      assert.equal([...floats.dataSync()], [1, 2, 3, 4]);
      assert.is(memory.floats(floats), memory.floats(floats));
      const ints = memory.allocate([2], "int32");
      memory.ints(ints).set([5, 6]);
      assert.equal([...ints.dataSync()], [5, 6]);
      assert.is(ints.dtype, "int32");
    });
  });

  test("allocates tensors that tidy disposes", async () => {
    const { memory } = await openNative();
    const before = tf.memory();
    tf.tidy(() => {
      memory.allocate([100], "int32");
      assert.is(tf.memory().numTensors, before.numTensors + 1);
    });
    assert.is(tf.memory().numTensors, before.numTensors);
    assert.is(tf.memory().numDataBuffers, before.numDataBuffers);
    assert.is(tf.memory().numBytes, before.numBytes);
  });

  test("reads scalars, and whole numbers that tfjs casts without moving them, as floats", async () => {
    const { memory } = await openNative();
    tf.tidy(() => {
      assert.equal(memory.floats(tf.scalar(2.5)), Float32Array.of(2.5));
      assert.equal(memory.floats(tf.cast(tf.tensor1d([1, -2], "int32"), "float32")), Float32Array.of(1, -2));
      assert.equal(memory.floats(tf.cast(tf.tensor1d([true, false], "bool"), "float32")), Float32Array.of(1, 0));
      assert.equal(memory.ints(tf.cast(tf.tensor1d([true, false], "bool"), "int32")), Int32Array.of(1, 0));
    });
  });

  test("is one object a backend", async () => {
    const { memory, backend } = await openNative();
    assert.is(memoryOf(backend), memory);
    assert.is(memoryOf(tf.backend()), memory);
  });

  test("lends memory beside that of tensors, and takes it back", async () => {
    const { memory } = await openNative();
    const lent = memory.allocateFloats(5001);
    const { buffer } = lent;
    memory.recycle(lent);
    const ints = memory.allocateInts(5001);
    assert.is(ints.buffer, buffer);
    assert.is(ints.length, 5001);
    memory.recycle(ints);
  });
});

nativeSuite("a variable that is updated", (test) => {
  /** Updates a variable made by `make`, and returns whether it was moved. */
  async function isMoved(make: () => tf.Variable): Promise<boolean> {
    const { memory } = await openNative();
    const variable = make();
    const before = memory.floats(variable);
    const values = memory.updated(variable);
    assert.is(memory.floats(variable), values, "the variable's memory is what was returned");
    assert.equal([...values], [...before], "its values are unchanged");
    assert.is(memory.record(variable).refCount, 1);
    variable.dispose();
    return values !== before;
  }

  test("stays where it lies when the backend made its memory and nobody shares it", async () => {
    assert.not(await isMoved(() => tf.tidy(() => tf.variable(tf.add(tf.ones([3]), 1)))));
  });

  test("moves away from the caller's array, once", async () => {
    const { memory } = await openNative();
    const array = Float32Array.of(1, 2, 3);
    const variable = tf.tidy(() => tf.variable(tf.tensor1d(array)));
    const values = memory.updated(variable);
    values.fill(9);
    assert.equal([...array], [1, 2, 3]);
    assert.is(memory.updated(variable), values);
    assert.equal([...variable.dataSync()], [9, 9, 9]);
    variable.dispose();
  });

  test("moves away from tensors that share its memory", async () => {
    const kept: tf.Tensor[] = [];
    const shared = [
      (made: tf.Tensor): tf.Tensor => tf.clone(made),
      (made: tf.Tensor): tf.Tensor => tf.reshape(made, [3, 1]),
      (made: tf.Tensor): tf.Tensor => detach(made),
      (made: tf.Tensor): tf.Tensor => tf.variable(made),
    ];
    for (const share of shared) {
      const moved = await isMoved(() =>
        tf.tidy(() => {
          const made = tf.add(tf.ones([3]), 1);
          kept.push(tf.keep(share(made)));
          return tf.variable(made);
        }),
      );
      assert.ok(moved, String(share));
    }
    for (const tensor of kept) {
      assert.equal([...tensor.dataSync()], [2, 2, 2]);
      tensor.dispose();
    }
  });

  test("moves into floats when its memory holds whole numbers", async () => {
    assert.ok(await isMoved(() => tf.tidy(() => tf.variable(tf.cast(tf.tensor1d([1, 2], "int32"), "float32")))));
  });

  test("leaves no tensor behind when it moves", async () => {
    const { memory } = await openNative();
    const before = tf.memory();
    const variable = tf.tidy(() => tf.variable(tf.tensor1d([1, 2, 3])));
    memory.updated(variable);
    assert.is(tf.memory().numTensors, before.numTensors + 1);
    variable.dispose();
    assert.is(tf.memory().numTensors, before.numTensors);
    assert.is(tf.memory().numDataBuffers, before.numDataBuffers);
  });
});

suite("native memory elsewhere", (test) => {
  test("refuses a backend that is not the native one", async () => {
    await tf.setBackend("cpu");
    assert.throws(() => memoryOf(tf.backend()), /a backend that is not the native one/);
    assert.throws(() => memoryOf({}), TypeError);
  });
});
