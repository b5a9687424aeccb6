import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { nativeDevice, nativeReplacements } from "../../../kernels/devices/native.ts";
import { KernelError } from "../../../kernels/kernel-error.ts";
import { loadAddon, type LoadedAddon, type NativeAddon } from "../../../kernels/native/addon.ts";
import { kernelNames } from "../../../kernels/register.ts";
import { suite } from "../../suite.ts";
import { nativeSuite } from "../native/native-suite.ts";

suite("the native device without its addon", (test) => {
  const cause = new Error("wrong ELF class");
  const missing = (): LoadedAddon => ({ reason: "it is built but does not load (wrong ELF class)", cause });

  test("is unavailable for the reason that the addon gives", async () => {
    const device = nativeDevice({ threads: 2, load: missing });
    assert.is(device.name, "native");
    assert.is(await device.unavailableReason(), "it is built but does not load (wrong ELF class)");
  });

  test("does not open, and says why and what to do", async () => {
    const backend = tf.getBackend();
    try {
      await nativeDevice({ threads: 2, load: missing }).open();
      assert.unreachable();
    } catch (error) {
      assert.instance(error, KernelError);
      const { code, where, received, next, cause: kept } = error as KernelError;
      assert.is(code, "DEVICE_UNAVAILABLE");
      assert.is(where, "device native");
      assert.is(received, "it is built but does not load (wrong ELF class)");
      assert.match(next ?? "", /`npm run build:native`.*`device: wasm`/);
      assert.is(kept, cause);
    }
    assert.is(tf.getBackend(), backend, "the current backend is as before");
  });

  test("has no cause where nothing was thrown", async () => {
    const device = nativeDevice({ threads: 2, load: () => ({ reason: "no C++ compiler was found" }) });
    const error = await device.open().catch((thrown: unknown) => thrown);
    assert.is((error as KernelError).cause, undefined);
  });

  test("is asked anew every time, so that a build takes effect", async () => {
    let loads = 0;
    const load = (): LoadedAddon => ({ reason: `try ${(loads += 1)}` });
    const device = nativeDevice({ threads: 2, load });
    assert.is(await device.unavailableReason(), "try 1");
    assert.is(await device.unavailableReason(), "try 2");
  });
});

nativeSuite("the native device", (test) => {
  const addon = (): NativeAddon => {
    const loaded = loadAddon();
    if (!("addon" in loaded)) throw new Error(loaded.reason);
    return loaded.addon;
  };

  /** The real addon, whose `setThreads` notes what it was given. */
  function noting(threads: number[]): () => LoadedAddon {
    return () => ({ addon: { ...addon(), setThreads: (count) => void threads.push(count) } });
  }

  test("is available", async () => {
    assert.is(await nativeDevice({ threads: 1 }).unavailableReason(), undefined);
  });

  test("becomes current and computes, opened twice in a row", async () => {
    for (let i = 0; i < 2; i++) {
      const device = await nativeDevice({ threads: 2 }).open();
      assert.is(device.name, "native");
      assert.is(tf.getBackend(), "native");
      const norm = device.tf.tidy(() => device.kernels.globalNorm([device.tf.tensor1d([3, 4])]) + 0);
      assert.is(norm, 5);
    }
  });

  test("describes itself with the version of tfjs, the instruction set and the threads", async () => {
    const [best] = addon().instructionSets;
    const one = await nativeDevice({ threads: 1 }).open();
    assert.is(one.description, `native (tfjs 4.22.0, C++ kernels, ${best!}, 1 thread)`);
    const three = await nativeDevice({ threads: 3 }).open();
    assert.is(three.description, `native (tfjs 4.22.0, C++ kernels, ${best!}, 3 threads)`);
  });

  test("takes the threads that it is opened with, and then those that it is given", async () => {
    const threads: number[] = [];
    const device = await nativeDevice({ threads: 3, load: noting(threads) }).open();
    device.setThreads?.(7);
    device.setThreads?.(1);
    assert.equal(threads, [3, 7, 1]);
  });

  test("keeps threads between one and the pool's limit", async () => {
    const threads: number[] = [];
    const device = await nativeDevice({ threads: 1000, load: noting(threads) }).open();
    for (const count of [0, -3, 256, 257]) device.setThreads?.(count);
    assert.equal(threads, [256, 1, 1, 256, 256]);
  });

  test("computes the same with every number of threads, set while it is in use", async () => {
    const device = await nativeDevice({ threads: 1 }).open();
    const product = (): Float32Array =>
      tf.tidy(() => {
        const a = tf.reshape(tf.range(0, 40_000, 1), [200, 200]);
        return tf.matMul(tf.div(a, 7), a).dataSync<"float32">();
      });
    const expected = product();
    for (const count of [2, 5, 1]) {
      device.setThreads?.(count);
      assert.equal(product(), expected);
    }
  });

  test("has every kernel of tfjs' cpu backend, its replacements and all of ours", async () => {
    await nativeDevice({ threads: 1 }).open();
    const has = (name: string): boolean => (tf.getKernel(name, "native") as tf.KernelConfig | undefined) !== undefined;
    const ofCpu = tf.getKernelsForBackend("cpu").map(({ kernelName }) => kernelName);
    assert.ok(ofCpu.length > 150, `${ofCpu.length} kernels on cpu`);
    assert.equal(
      ofCpu.filter((name) => !has(name)),
      [],
    );
    assert.equal(
      kernelNames("native").filter((name) => !has(name)),
      [],
    );
    for (const { kernelName, kernelFunc } of nativeReplacements) {
      assert.is(tf.getKernel(kernelName, "native").kernelFunc, kernelFunc);
      assert.is.not(tf.getKernel(kernelName, "cpu").kernelFunc, kernelFunc);
    }
    const replaced = nativeReplacements.map(({ kernelName }) => kernelName);
    assert.is(new Set(replaced).size, replaced.length);
    assert.is(replaced.length, 26);
  });

  test("runs what it has no kernel of its own for", async () => {
    await nativeDevice({ threads: 2 }).open();
    const values = tf.tidy(() => tf.cumsum(tf.tanh(tf.add(tf.tensor1d([0, 0]), 0))).dataSync());
    assert.equal([...values], [0, 0]);
  });
});
