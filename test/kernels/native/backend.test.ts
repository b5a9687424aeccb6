/** The native backend's memory: recycled, and yet nobody sees what another one writes. */
import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { Device } from "../../../kernels/devices/device.ts";
import type { NativeAddon } from "../../../kernels/native/addon.ts";
import { createNativeBackend, type NativeBackend } from "../../../kernels/native/backend.ts";
import { detach } from "../../../kernels/tape.ts";
import { suite } from "../../suite.ts";
import { randomTensor } from "./against-cpu.ts";
import { nativeSuite, openNative, overwriteFreeMemory } from "./native-suite.ts";

/** A backend of its own, which computes nothing. */
function emptyBackend(): NativeBackend {
  const addon: Partial<NativeAddon> = { allocate: (bytes) => new ArrayBuffer(bytes) };
  return createNativeBackend(addon as NativeAddon);
}

suite("free lists", (test) => {
  const megabyte = 2 ** 18;

  test("hand out again what was returned, to the same size only, the last one first", () => {
    const backend = emptyBackend();
    const [first, second] = [backend.allocateFloats(5000), backend.allocateFloats(5000)];
    assert.is.not(first.buffer, second.buffer);
    backend.recycle(first);
    backend.recycle(second);
    assert.is.not(backend.allocateFloats(5001).buffer, second.buffer);
    assert.is(backend.allocateInts(5000).buffer, second.buffer);
    assert.is(backend.allocateFloats(5000).buffer, first.buffer);
    assert.not([first.buffer, second.buffer].includes(backend.allocateFloats(5000).buffer));
  });

  test("leave small arrays to the garbage collector", () => {
    const backend = emptyBackend();
    const small = backend.allocateFloats(4095);
    backend.recycle(small);
    assert.is.not(backend.allocateFloats(4095).buffer, small.buffer);
    const pooled = backend.allocateFloats(4096);
    backend.recycle(pooled);
    assert.is(backend.allocateFloats(4096).buffer, pooled.buffer);
  });

  test("keep 256 MiB at most", () => {
    const backend = emptyBackend();
    const taken = Array.from({ length: 20 }, () => backend.allocateFloats(32 * megabyte));
    for (const values of taken) backend.recycle(values);
    const returned = new Set(taken.map(({ buffer }) => buffer));
    const again = taken.filter(() => returned.has(backend.allocateFloats(32 * megabyte).buffer));
    assert.is(again.length, 8);
  });

  test("give up the sizes first that were asked for first", () => {
    const backend = emptyBackend();
    const old = Array.from({ length: 4 }, () => backend.allocateFloats(40 * megabyte));
    const fresh = Array.from({ length: 3 }, () => backend.allocateFloats(50 * megabyte));
    for (const values of [...old, ...fresh]) backend.recycle(values);
    const buffersAgain = (sizes: readonly Float32Array[]): number => {
      const known = new Set(sizes.map(({ buffer }) => buffer));
      return sizes.filter((values) => known.has(backend.allocateFloats(values.length).buffer)).length;
    };
    assert.is(buffersAgain(fresh), 3);
    assert.is(buffersAgain(old), 2);
  });

  test("do not keep a buffer that is larger than all of them may be", () => {
    const backend = emptyBackend();
    const [small, huge] = [backend.allocateFloats(5000), backend.allocateFloats(257 * megabyte)];
    backend.recycle(small);
    backend.recycle(huge);
    assert.is(backend.allocateFloats(5000).buffer, small.buffer);
    assert.is.not(backend.allocateFloats(257 * megabyte).buffer, huge.buffer);
  });

  test("know their own memory, views of it included", () => {
    const backend = emptyBackend();
    const owned = backend.allocateFloats(10);
    assert.ok(backend.isOwned(owned));
    assert.ok(backend.isOwned(owned.subarray(3)));
    assert.not(backend.isOwned(new Float32Array(10)));
    assert.is(backend.allocateFloats(0).length, 0);
  });

  test("get memory back once, when nothing refers to the data any more", () => {
    const backend = emptyBackend();
    let released = 0;
    const make = (): object => {
      const release = (): void => void (released += 1);
      return backend.makeData({ values: backend.allocateFloats(4), dtype: "float32", refCount: 1, release });
    };
    const shared = make();
    backend.incRef(shared);
    backend.disposeData(shared);
    assert.is(released, 0);
    backend.disposeData(shared);
    assert.is(released, 1);
    backend.disposeData(shared);
    assert.is(released, 1);
    const forced = make();
    backend.incRef(forced);
    backend.disposeData(forced, true);
    assert.is(released, 2);
  });
});

nativeSuite("tensors in recycled memory", (test) => {
  test("use the memory of one that was disposed", async () => {
    const { memory } = await openNative();
    const first = tf.tidy(() => tf.mul(tf.ones([5003]), 2));
    const { buffer } = memory.floats(first);
    first.dispose();
    const second = tf.tidy(() => tf.sub(tf.ones([5003]), 3));
    assert.is(memory.floats(second).buffer, buffer);
    assert.ok(second.dataSync().every((value) => value === -2));
    second.dispose();
  });

  test("are read as copies", async () => {
    const native = await openNative();
    const tensor = tf.tidy(() => tf.mul(tf.ones([5003]), 2));
    const read = [tensor.dataSync<"float32">(), await tensor.data<"float32">(), tensor.bufferSync().values];
    tensor.dispose();
    overwriteFreeMemory(native, 5003);
    for (const values of read) assert.ok(values.every((value) => value === 2));
    const other = tf.tidy(() => tf.mul(tf.ones([5003]), 2));
    other.dataSync<"float32">().fill(5);
    assert.is(other.dataSync()[0], 2);
    other.dispose();
  });

  test("are not changed through the array that they were made from, once they were computed with", async () => {
    await openNative();
    const array = new Float32Array(5003).fill(1);
    const doubled = tf.tidy(() => tf.mul(tf.tensor1d(array), 2));
    array.fill(8);
    assert.ok(doubled.dataSync().every((value) => value === 2));
    doubled.dispose();
  });

  const floats = (): tf.Tensor => tf.add(randomTensor([2, 11, 2, 11, 16]), 3);
  /** int32 in memory of the backend, as the indices of a code are. */
  const integers = (device: Device): tf.Tensor =>
    device.kernels.encodeTopK({
      acts_BD: tf.abs(randomTensor([1100, 2])) as tf.Tensor2D,
      encoder_FD: tf.abs(randomTensor([16, 2])) as tf.Tensor2D,
      expertIndices_BR: tf.zeros([1100, 1], "int32"),
      gates_BR: tf.ones([1100, 1]),
      ...{ numExperts: 1, k: 7 },
    }).indices_BK;

  /** What tfjs may hand over as a view of its input, or under another name. */
  const derived: Readonly<Record<string, (floats: tf.Tensor, integers: tf.Tensor) => tf.Tensor | tf.Tensor[]>> = {
    "a slice of five axes": (x) => tf.slice(x, [1, 0, 0, 0, 0], [1, 11, 2, 11, 16]),
    "a strided slice": (x) => tf.stridedSlice(x, [0, 0, 0, 0, 0], [1, 11, 2, 11, 16], [1, 1, 1, 1, 1]),
    "parts of five axes": (x) => tf.split(x, 2, 0),
    "unstacked parts": (x) => tf.unstack(x),
    "a slice of integers": (_, n) => tf.slice(n, [3, 0], [500, 7]),
    "parts of integers": (_, n) => tf.split(n, [100, 1000], 0),
    "integers cast to floats": (_, n) => tf.cast(n, "float32"),
    "integers cast to floats, and sliced": (_, n) => tf.slice(tf.cast(n, "float32"), [5, 0], [200, 7]),
    "a reshaped tensor": (x) => tf.reshape(x, [-1]),
    "a slice of a reshaped tensor": (x) => tf.slice(tf.reshape(x, [2, 11, 2, 11, 16]), [1, 0, 0, 0, 0]),
    "a clone": (x) => tf.clone(x),
    "a detached tensor": (x) => detach(x),
    "an expanded and a squeezed tensor": (x) => [tf.expandDims(x, 0), tf.squeeze(tf.expandDims(x, 0))],
    "a concatenation of one": (x) => tf.concat([x]),
    "a tensor padded by nothing": (x) => tf.pad(tf.reshape(x, [-1]), [[0, 0]]),
    "the parts of complex numbers": (x) => [tf.real(tf.complex(x, x)), tf.imag(tf.complex(x, x))],
    "gathered and repeated values": (x) => [tf.gather(x, tf.tensor1d([1], "int32")), tf.tile(x, [1, 1, 1, 1, 1])],
    "where a condition holds": (x) => tf.where(tf.greater(x, 0), x, x),
  };

  for (const [what, derive] of Object.entries(derived)) {
    test(`keep their values while the memory of what they came from is used again: ${what}`, async () => {
      const native = await openNative();
      const before = tf.memory().numTensors;
      const [x, n] = tf.tidy(() => [floats(), integers(native.device)] as const);
      const made = tf.tidy(() => derive(x, n));
      const tensors = Array.isArray(made) ? made : [made];
      const expected = tensors.map((tensor) => tensor.dataSync().slice());
      tf.dispose([x, n]);
      for (const size of [x.size, n.size]) overwriteFreeMemory(native, size);
      for (const [i, tensor] of tensors.entries()) {
        assert.ok(expected[i]!.some((value) => value !== 0));
        assert.equal(tensor.dataSync(), expected[i]);
      }
      tf.dispose(tensors);
      assert.is(tf.memory().numTensors, before);
    });
  }
});
