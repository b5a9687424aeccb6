/**
 * Checks every kernel against float64, then times it. Machines are noisy: this prints and never asserts a time.
 *
 *   npm run bench:kernels -- [device=wasm,cpu] [kernels=host,reference] [features=2048,4096] [experts=1,8]
 *
 * The time is the median of the repetitions; the fastest stands beside it. A kernel that fails its check prints no time.
 */
import { cpuDevice } from "../../kernels/devices/cpu.ts";
import type { Device } from "../../kernels/devices/device.ts";
import { wasmDevice } from "../../kernels/devices/wasm.ts";
import type { Implementation } from "../../kernels/kernel-version.ts";
import { registerKernels } from "../../kernels/register.ts";
import { createBenchCases, type BenchCase, type BenchSize } from "./cases.ts";

const providers = { wasm: wasmDevice, cpu: cpuDevice } as const;
const warmups = 5;
const repetitions = 15;

const words = new Map(process.argv.slice(2).map((word) => word.split("=", 2) as [string, string]));
const choose = (name: string, initial: string): string[] => (words.get(name) ?? initial).split(",");

for (const name of choose("device", "wasm,cpu")) {
  const provider = providers[name as keyof typeof providers] as (typeof providers)["cpu"] | undefined;
  if (provider === undefined) throw new Error(`device: expected wasm or cpu, received ${name}`);
  for (const implementation of choose("kernels", "host,reference")) {
    const device = await provider.open();
    registerKernels(name, implementation as Implementation);
    for (const F of choose("features", "2048,4096").map(Number)) {
      for (const E of choose("experts", "1,8").map(Number))
        report(device, implementation, { B: 1024, D: 128, F, E, K: 16 });
    }
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

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
