/** The search and its command, in one process: what takes time on a software adapter is to compile the programs. */
import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { sparseDecodeName } from "../../../kernels/sparse-decode/contract.ts";
import { sparseDecodeWebGpu } from "../../../kernels/sparse-decode/webgpu.ts";
import { registerKernels, replaceKernels } from "../../../kernels/register.ts";
import { autotune, type MeasuredChoice } from "../../../kernels/webgpu/autotune.ts";
import type { GpuBackend } from "../../../kernels/webgpu/contracts.ts";
import { choices, isTuning, tunedNames } from "../../../kernels/webgpu/tuning.ts";
import { command, makeProject } from "../../core/cli/project.ts";
import { temporaryFolder } from "../../core/run/fixtures.ts";
import { suite } from "../../suite.ts";
import { gpuMissing, testedAdapter } from "../software-gpu.ts";
import { gpuSuite, openGpu } from "./gpu-suite.ts";

const size = { batchSize: 80, width: 40, features: 80, experts: [1, 2], activeFeatures: 4 };
const words = ["--batch-size", "80", "--width", "40", "--features", "80", "--experts", "1", "--active", "4"];
const options = { timeoutMs: 240_000 };

gpuSuite("the search for a tuning", (test) => {
  test(
    "measures every choice at every number of experts, and takes one of each",
    async () => {
      const { device, backend } = await openGpu();
      const before = { tuning: backend.tuning, tensors: tf.memory().numTensors };
      const told: MeasuredChoice[] = [];
      const { tuning, measured } = autotune(device, size, (result) => told.push(result));
      assert.ok(isTuning(tuning));
      assert.equal(told, measured);
      assert.equal(
        measured.map(({ name, choice }) => [name, choice]),
        tunedNames.flatMap((name) => choices[name].map((choice) => [name, choice])),
      );
      for (const { name, choice, seconds } of measured) {
        assert.ok(seconds !== undefined, `${name} ${choice} gives other results`);
        assert.is(seconds.length, 2);
        assert.ok(seconds.every((time) => time > 0));
      }
      for (const name of tunedNames) {
        const product = (choice: unknown): number =>
          (measured.find((result) => result.name === name && result.choice === choice)?.seconds ?? []).reduce(
            (all, time) => all * time,
            1,
          );
        assert.ok(product(tuning[name]) <= product(choices[name][0]), `${name} is slower than the default`);
      }
      assert.is(backend.tuning, before.tuning, "the device keeps its own");
      assert.is(tf.memory().numTensors, before.tensors);
    },
    options,
  );

  test(
    "leaves out a choice that gives other results",
    async () => {
      const { device } = await openGpu();
      const [correct] = sparseDecodeWebGpu;
      replaceKernels("webgpu", [
        {
          kernelName: sparseDecodeName,
          kernelFunc: (call) => {
            const result = correct!.kernelFunc(call) as tf.Tensor;
            const isWrong = (call.backend as unknown as GpuBackend).tuning.sparseDecodeThreads === 64;
            return isWrong ? tf.add(result, 1e-3) : result;
          },
        },
      ]);
      try {
        const { tuning, measured } = autotune(device, { ...size, experts: [1] });
        const wrong = measured.find(({ name, choice }) => name === "sparseDecodeThreads" && choice === 64);
        assert.is(wrong?.seconds, undefined);
        assert.is.not(tuning.sparseDecodeThreads, 64);
      } finally {
        registerKernels("webgpu", "webgpu");
      }
    },
    options,
  );
});

suite("switchyard tune", (test) => {
  test(
    "measures, tells, and keeps what the device reads when it opens",
    async () => {
      const caches = temporaryFolder();
      const before = process.env["XDG_CACHE_HOME"];
      process.env["XDG_CACHE_HOME"] = caches;
      try {
        const { code, out, err } = await command(
          makeProject(),
          ["tune", "--adapter", testedAdapter.adapter, ...words],
          { XDG_CACHE_HOME: caches },
        );
        assert.is(code, 0, err);
        assert.match(err, /^encodeTile 64x64: \d/m);
        assert.match(out, /^\*? +encodeTile +128x64 +[\d.]+ ms$/m);
        const file = /^Kept in (.*)$/m.exec(out)?.[1] ?? "";
        assert.ok(file.startsWith(caches), file);
        const kept = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
        assert.ok(isTuning(kept["tuning"]));
        assert.is((kept["measured"] as unknown[]).length, tunedNames.flatMap((name) => [...choices[name]]).length);
        const { device, backend } = await openGpu();
        assert.equal(backend.tuning, kept["tuning"]);
        assert.match(device.description, /, tuned\)$/);
      } finally {
        if (before === undefined) delete process.env["XDG_CACHE_HOME"];
        else process.env["XDG_CACHE_HOME"] = before;
        await openGpu();
      }
    },
    { ...options, skip: gpuMissing },
  );

  test("says which numbers of experts it takes", async () => {
    for (const experts of ["7", "1,x", "0", "1,,2", "1.5"]) {
      const { code, err } = await command(makeProject(), ["tune", "--experts", experts]);
      assert.is(code, 2);
      assert.match(err, /^--experts needs whole numbers that divide the features\. \[FLAG_VALUE\]$/m);
    }
  });

  test("says so where there is no such GPU, and keeps nothing", async () => {
    const { code, out, err } = await command(makeProject(), ["tune", "--adapter", "no such card"]);
    assert.is(code, 1);
    assert.is(out, "");
    assert.match(err, /\[DEVICE_UNAVAILABLE\]/);
  });
});
