/**
 * Checks every kernel against float64, then times it. Machines are noisy: this prints and never asserts a time.
 *
 *   npm run bench:kernels -- [device=native,wasm,cpu] [kernels=native,host,webgpu,reference] [threads=<cores>]
 *                            [operations=all] [features=2048,4096] [experts=1,8] [positions=128] [calls=15]
 *   npm run bench:kernels -- device=webgpu [adapter=auto] [operations=causalAttention] [positions=128,512]
 *
 * A device is measured with those of the kernels that it can run: its own and those composed of tfjs, "reference".
 * The time is the median of the calls; the fastest stands beside it. It ends when a device that computes ahead is
 * done. A kernel that fails its check prints no time. Attention is that of a harvest from GPT-2 small: 8 contexts of so
 * many positions, 12 heads of 64.
 */
import type { Device } from "../../kernels/devices/device.ts";
import { KernelError } from "../../kernels/kernel-error.ts";
import type { Implementation } from "../../kernels/kernel-version.ts";
import { registerKernels } from "../../kernels/register.ts";
import { defaultThreads, openDevice } from "../devices.ts";
import { print, runProgram } from "../program.ts";
import { oneOf, readWords } from "../words.ts";
import {
  createAttentionCase,
  createBenchCases,
  operations,
  type AttentionSize,
  type BenchCase,
  type BenchSize,
  type Operation,
} from "./cases.ts";

/** Which versions of the kernels a device can run. */
const implementationsOf: Readonly<Record<string, readonly Implementation[]>> = {
  native: ["native", "reference"],
  wasm: ["host", "reference"],
  cpu: ["host", "reference"],
  webgpu: ["webgpu", "reference"],
};
const implementations = ["native", "host", "webgpu", "reference"] as const satisfies readonly Implementation[];
/** Calls that do not count, at most; never more than those that do. */
const mostWarmups = 5;

await runProgram(async () => {
  const words = readWords(process.argv.slice(2), {
    device: "native,wasm,cpu",
    adapter: "auto",
    kernels: implementations.join(),
    threads: String(defaultThreads),
    operations: "all",
    calls: "15",
    positions: "128",
    features: "2048,4096",
    experts: "1,8",
  });
  const wanted = words.list("kernels").map((name) => oneOf("kernels", name, implementations));
  const chosen = words.text("operations") === "all" ? operations : words.list("operations").map(operationOf);
  // Inputs are made for what is measured alone.
  const [hasAttention, hasOthers] = [chosen.includes("causalAttention"), chosen.some((at) => at !== "causalAttention")];
  const calls = words.count("calls");
  for (const name of words.list("device")) {
    oneOf("device", name, Object.keys(implementationsOf));
    const device = await openIfAvailable(name, words.count("threads"), words.text("adapter"));
    if (device === undefined) continue;
    for (const implementation of wanted.filter((at) => implementationsOf[name]?.includes(at))) {
      registerKernels(name, implementation);
      for (const F of hasOthers ? words.counts("features") : []) {
        for (const E of words.counts("experts")) {
          const size = { B: 1024, D: 128, F, E, K: 16 };
          const cases = createBenchCases(device, size).filter((bench) => chosen.includes(bench.name));
          report(device, { implementation, size, cases, calls });
        }
      }
      for (const T of hasAttention ? words.counts("positions") : []) {
        const size = { C: 8, T, H: 12, d: 64 };
        report(device, { implementation, size, cases: [createAttentionCase(device, size)], calls });
      }
    }
  }
});

function operationOf(name: string): Operation {
  return oneOf("operations", name, operations);
}

async function openIfAvailable(name: string, threads: number, adapter: string): Promise<Device | undefined> {
  try {
    return await openDevice(name, threads, adapter);
  } catch (error) {
    if (!(error instanceof KernelError) || error.code !== "DEVICE_UNAVAILABLE") throw error;
    print(`\n${name} is not available: ${error.received ?? error.message}`);
    process.exitCode = 1;
    return undefined;
  }
}

interface Report {
  readonly implementation: Implementation;
  readonly size: BenchSize | AttentionSize;
  readonly cases: readonly BenchCase[];
  readonly calls: number;
}

function report(device: Device, { implementation, size, cases, calls }: Report): void {
  const sizes = Object.entries(size).map(([letter, count]) => `${letter}=${count}`);
  print(`\n${implementation} kernels, ${device.description}: ${sizes.join(" ")} float32`);
  print(
    `${"operation".padEnd(26)}${"max error".padStart(11)}${"median ms".padStart(11)}${"min ms".padStart(9)}${"GFLOP/s".padStart(9)}`,
  );
  for (const bench of cases) {
    const error = check(device, bench);
    if (!(error < 1e-3)) {
      print(`${bench.name.padEnd(26)}${error.toExponential(1).padStart(11)}  FAILED its check against float64`);
      process.exitCode = 1;
      continue;
    }
    const { median, fastest } = time(device, bench, calls);
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

function time(device: Device, bench: BenchCase, calls: number): { readonly median: number; readonly fastest: number } {
  const { tf } = device;
  const times: number[] = [];
  const warmups = Math.min(calls, mostWarmups);
  for (let i = 0; i < warmups + calls; i++) {
    const start = performance.now();
    tf.engine().startScope();
    bench.run();
    tf.engine().endScope();
    device.wait?.();
    if (i >= warmups) times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return { median: times[Math.floor(times.length / 2)] ?? NaN, fastest: times[0] ?? NaN };
}
