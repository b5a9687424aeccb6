/**
 * Checks every kernel against float64, then times it. Machines are noisy: this prints and never asserts a time.
 *
 *   npm run bench:kernels -- [device=native,wasm,cpu] [kernels=native,host,reference] [threads=<cores>]
 *                            [features=2048,4096] [experts=1,8]
 *
 * A device is measured with those of the kernels that it can run: native has no host version, the others no native one.
 * The time is the median of the repetitions; the fastest stands beside it. A kernel that fails its check prints no time.
 */
import type { Device } from "../../kernels/devices/device.ts";
import { KernelError } from "../../kernels/kernel-error.ts";
import type { Implementation } from "../../kernels/kernel-version.ts";
import { registerKernels } from "../../kernels/register.ts";
import { defaultThreads, openDevice } from "../devices.ts";
import { print, runProgram } from "../program.ts";
import { oneOf, readWords } from "../words.ts";
import { createBenchCases, type BenchCase, type BenchSize } from "./cases.ts";

/** Which versions of the kernels a device can run. */
const implementationsOf: Readonly<Record<string, readonly Implementation[]>> = {
  native: ["native", "reference"],
  wasm: ["host", "reference"],
  cpu: ["host", "reference"],
};
const warmups = 5;
const repetitions = 15;

await runProgram(async () => {
  const words = readWords(process.argv.slice(2), {
    device: "native,wasm,cpu",
    kernels: "native,host,reference",
    threads: String(defaultThreads),
    features: "2048,4096",
    experts: "1,8",
  });
  const wanted = words.list("kernels").map((name) => oneOf("kernels", name, ["native", "host", "reference"] as const));
  for (const name of words.list("device")) {
    oneOf("device", name, Object.keys(implementationsOf));
    const device = await openIfAvailable(name, words.count("threads"));
    if (device === undefined) continue;
    for (const implementation of wanted.filter((at) => implementationsOf[name]?.includes(at))) {
      registerKernels(name, implementation);
      for (const F of words.counts("features")) {
        for (const E of words.counts("experts")) report(device, implementation, { B: 1024, D: 128, F, E, K: 16 });
      }
    }
  }
});

async function openIfAvailable(name: string, threads: number): Promise<Device | undefined> {
  try {
    return await openDevice(name, threads);
  } catch (error) {
    if (!(error instanceof KernelError) || error.code !== "DEVICE_UNAVAILABLE") throw error;
    print(`\n${name} is not available: ${error.received ?? error.message}`);
    process.exitCode = 1;
    return undefined;
  }
}

function report(device: Device, implementation: string, size: BenchSize): void {
  const { B, D, F, E, K } = size;
  print(`\n${implementation} kernels, ${device.description}: B=${B} D=${D} F=${F} E=${E} K=${K} float32`);
  print(
    `${"operation".padEnd(26)}${"max error".padStart(11)}${"median ms".padStart(11)}${"min ms".padStart(9)}${"GFLOP/s".padStart(9)}`,
  );
  for (const bench of createBenchCases(device, size)) {
    const error = check(device, bench);
    if (!(error < 1e-3)) {
      print(`${bench.name.padEnd(26)}${error.toExponential(1).padStart(11)}  FAILED its check against float64`);
      process.exitCode = 1;
      continue;
    }
    const { median, fastest } = time(device, bench);
    print(
      bench.name.padEnd(26) +
        error.toExponential(1).padStart(11) +
        median.toFixed(2).padStart(11) +
        fastest.toFixed(2).padStart(9) +
        (bench.flops / median / 1e6).toFixed(2).padStart(9),
    );
  }
}

/** Largest |difference| / (1 + |reference|). */
function check(device: Device, bench: BenchCase): number {
  const received = valuesOf(device, bench);
  const expected = bench.reference();
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs((received[i] ?? NaN) - (expected[i] ?? NaN)) / (1 + Math.abs(expected[i] ?? 0));
    if (!(error <= worst)) worst = Number.isNaN(error) ? Infinity : error;
  }
  return worst;
}

function valuesOf({ tf }: Device, bench: BenchCase): ArrayLike<number> {
  tf.engine().startScope();
  const result = bench.run();
  const values = typeof result === "number" ? [result] : result.dataSync().slice();
  tf.engine().endScope();
  return values;
}

function time({ tf }: Device, bench: BenchCase): { readonly median: number; readonly fastest: number } {
  const times: number[] = [];
  for (let i = 0; i < warmups + repetitions; i++) {
    const start = performance.now();
    tf.engine().startScope();
    bench.run();
    tf.engine().endScope();
    if (i >= warmups) times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return { median: times[Math.floor(times.length / 2)] ?? NaN, fastest: times[0] ?? NaN };
}
