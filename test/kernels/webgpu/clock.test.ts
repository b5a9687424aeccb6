import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { Device } from "../../../kernels/devices/device.ts";
import { profileKernels, type KernelCall } from "../../../kernels/profile/profile-kernels.ts";
import { suite } from "../../suite.ts";
import { gpuMissing, testedGpu } from "../software-gpu.ts";

suite("the GPU's clock", (test, hooks) => {
  let device: Device;
  hooks.before(async () => {
    if (gpuMissing === undefined) device = await testedGpu.open();
  });

  const profile = (work: () => void): readonly KernelCall[] => {
    const calls: KernelCall[] = [];
    const stop = profileKernels({ onCall: (call) => calls.push(call) });
    work();
    stop();
    return calls;
  };

  test(
    "tells how long the GPU was busy with our kernels and with tfjs', and what they cost",
    () => {
      const size = 96;
      const acts_BD = tf.randomNormal<tf.Rank.R2>([size, size]);
      const experts_BR = tf.zeros<tf.Rank.R2>([size, 1], "int32");
      const started = performance.now();
      const calls = profile(() => {
        tf.tidy(() => {
          device.kernels.groupedEncode(acts_BD, acts_BD, experts_BR, 1);
          tf.matMul(acts_BD, acts_BD);
        });
      });
      const elapsedMs = performance.now() - started;
      for (const name of ["SwitchyardGroupedEncode", "BatchMatMul"]) {
        const call = calls.find((candidate) => candidate.name === name);
        assert.ok(call !== undefined, name);
        assert.ok(call.totalMs > 0 && call.totalMs < elapsedMs, `${name}: ${call.totalMs} of ${elapsedMs} ms`);
        assert.is(call.flops, 2 * size ** 3);
      }
      tf.dispose([acts_BD, experts_BR]);
    },
    { skip: gpuMissing },
  );

  test(
    "tells at each wait, and again after it",
    () => {
      const x = tf.ones([1000]);
      const told: number[] = [];
      let calls = 0;
      const stop = profileKernels({ onCall: ({ name }) => void (calls += name === "Square" ? 1 : 0) });
      for (let i = 0; i < 3; i++) {
        tf.square(x).dispose();
        device.wait?.();
        told.push(calls);
      }
      stop();
      assert.equal(told, [1, 2, 3]);
      x.dispose();
    },
    { skip: gpuMissing },
  );

  test(
    "measures more passes than one set of queries holds",
    () => {
      const x = tf.ones([1000]);
      const calls = profile(() => {
        for (let i = 0; i < 2100; i++) tf.square(x).dispose();
      });
      const squares = calls.filter(({ name }) => name === "Square");
      assert.is(squares.length, 2100);
      assert.ok(squares.slice(2048).some(({ totalMs }) => totalMs > 0));
      x.dispose();
    },
    { skip: gpuMissing },
  );

  test(
    "is gone afterwards: results are right and nothing is timed",
    () => {
      profile(() => {
        tf.square(tf.scalar(2)).dispose();
      });
      assert.equal([...tf.square(tf.tensor1d([1, 2, 3])).dataSync()], [1, 4, 9]);
    },
    { skip: gpuMissing },
  );
});
