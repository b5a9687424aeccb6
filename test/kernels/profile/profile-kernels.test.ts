import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import { nativeDevice } from "../../../kernels/devices/native.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { profileKernels, type KernelCall } from "../../../kernels/profile/profile-kernels.ts";
import { suite } from "../../suite.ts";

/** Registers kernels whose time a test decides: what each one does is its function. */
function registerFakes(fakes: Readonly<Record<string, () => void>>): () => void {
  for (const [kernelName, work] of Object.entries(fakes)) {
    const kernelFunc: tf.KernelFunc = () => {
      work();
      return [];
    };
    tf.registerKernel({ kernelName, backendName: "cpu", kernelFunc });
  }
  return () => {
    for (const name of Object.keys(fakes)) tf.unregisterKernel(name, "cpu");
  };
}

const run = (name: string): void => void tf.engine().runKernel(name, {});

suite("kernel profiler", (test, hooks) => {
  hooks.before(async () => {
    await cpuDevice.open();
  });

  test("tells a kernel's own time from that of the kernels that it calls", () => {
    let time = 0;
    const unregister = registerFakes({
      Outer: () => {
        time += 3;
        run("Middle");
        time += 4;
        run("Inner");
      },
      Middle: () => {
        time += 10;
        run("Inner");
      },
      Inner: () => {
        time += 100;
      },
    });
    const calls: KernelCall[] = [];
    const stop = profileKernels({ onCall: (call) => calls.push(call), backendName: "cpu", now: () => time });
    run("Outer");
    stop();
    unregister();
    assert.equal(
      calls.map(({ name, within, ownMs, totalMs }) => [[...within, name].join("/"), ownMs, totalMs]),
      [
        ["Outer/Middle/Inner", 100, 100],
        ["Outer/Middle", 10, 110],
        ["Outer/Inner", 100, 100],
        ["Outer", 7, 217],
      ],
    );
  });

  test("charges its own bookkeeping to no kernel", () => {
    let time = 0;
    const unregister = registerFakes({
      Outer: () => {
        time += 1;
        run("Inner");
      },
      Inner: () => {
        time += 2;
      },
    });
    const calls: KernelCall[] = [];
    const onCall = (call: KernelCall): void => {
      calls.push(call);
      time += 50;
    };
    const stop = profileKernels({ onCall, backendName: "cpu", now: () => time });
    run("Outer");
    stop();
    unregister();
    assert.equal(
      calls.map(({ name, ownMs }) => [name, ownMs]),
      [
        ["Inner", 2],
        ["Outer", 1],
      ],
    );
  });

  test("goes on after a kernel that throws, which it does not report", () => {
    const unregister = registerFakes({
      Outer: () => {
        try {
          run("Broken");
        } catch {
          // The test of interest is the call after this one.
        }
      },
      Broken: () => {
        throw new RangeError("no");
      },
      After: () => undefined,
    });
    const calls: string[] = [];
    const onCall = ({ name, within }: KernelCall): void => void calls.push([...within, name].join("/"));
    const stop = profileKernels({ onCall, backendName: "cpu" });
    run("Outer");
    run("After");
    stop();
    unregister();
    assert.equal(calls, ["Outer", "After"]);
  });

  test("leaves alone what was registered anew meanwhile", () => {
    const unregister = registerFakes({ Replaced: () => undefined });
    const stop = profileKernels({ onCall: () => undefined, backendName: "cpu" });
    tf.unregisterKernel("Replaced", "cpu");
    const kernelFunc: tf.KernelFunc = () => [];
    tf.registerKernel({ kernelName: "Replaced", backendName: "cpu", kernelFunc });
    stop();
    assert.is(tf.getKernel("Replaced", "cpu").kernelFunc, kernelFunc);
    unregister();
  });
});

const native = nativeDevice({ threads: 1 });
const noNative = await native.unavailableReason();

for (const provider of [cpuDevice, wasmDevice, native]) {
  const options = provider === native ? { skip: noNative } : {};
  suite(`kernel profiler on ${provider.name}`, (test) => {
    const registered = (): ReadonlyMap<string, tf.KernelConfig> =>
      new Map(tf.getKernelsForBackend(provider.name).map((config) => [config.kernelName, config]));

    test(
      "wraps every kernel, gives the same results, and leaves the registry as it was",
      async () => {
        const { kernels } = await provider.open();
        const before = registered();
        assert.ok(before.size > 80, `${before.size} kernels`);
        const compute = (): number[] =>
          tf.tidy(() => {
            const a = tf.tensor2d([3, 1, 4, 1, 5, 9], [2, 3]);
            const experts = tf.zeros<tf.Rank.R2>([2, 1], "int32");
            const encoded = kernels.groupedEncode(a, a, experts, 1);
            return [...tf.mul(tf.sum(encoded), tf.norm(a)).dataSync()];
          });
        const plain = compute();
        const calls: KernelCall[] = [];
        const stop = profileKernels({ onCall: (call) => calls.push(call) });
        for (const [name, config] of registered()) assert.is.not(config.kernelFunc, before.get(name)?.kernelFunc, name);
        const profiled = compute();
        stop();
        assert.equal(profiled, plain);
        const after = registered();
        assert.is(after.size, before.size);
        for (const [name, config] of after) assert.is(config, before.get(name), name);
        const numCalls = calls.length;
        compute();
        assert.is(calls.length, numCalls, "nothing is timed any more");
        const encode = calls.find(({ name }) => name === "SwitchyardGroupedEncode");
        assert.equal([encode?.within, encode?.flops], [[], 2 * 2 * 2 * 3]);
        assert.ok(calls.every(({ ownMs, totalMs }) => ownMs >= 0 && ownMs <= totalMs));
        assert.ok(calls.some(({ name }) => name === "Sum"));
      },
      options,
    );
  });
}

suite("kernel profiler on wasm", (test) => {
  test("sees the product inside a kernel that is built on it", async () => {
    const { kernels } = await wasmDevice.open();
    const calls: KernelCall[] = [];
    const stop = profileKernels({ onCall: (call) => calls.push(call) });
    tf.tidy(() => {
      const a = tf.ones<tf.Rank.R2>([8, 8]);
      kernels.groupedEncode(a, a, tf.zeros<tf.Rank.R2>([8, 1], "int32"), 1);
    });
    stop();
    const product = calls.find(({ name }) => name === "BatchMatMul");
    assert.equal([product?.within, product?.flops], [["SwitchyardGroupedEncode"], 2 * 8 * 8 * 8]);
  });
});
