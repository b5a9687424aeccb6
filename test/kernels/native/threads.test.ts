/** The same inputs give the same bits for any number of threads, kernel by kernel and in a whole training run. */
import { createHash } from "node:crypto";
import * as assert from "uvu/assert";
import { loadAddon, type NativeAddon } from "../../../kernels/native/addon.ts";
import { createRandomData } from "../../conformance/kernels/random-data.ts";
import { createSignatures, type Argument, type FunctionName, type Sizes } from "./addon-signatures.ts";
import { instructionSetSuites } from "./native-suite.ts";
import { trainings, trainSmall } from "./train-small.ts";

const numThreads = [1, 2, 3, 16];

/** Each many units of work for most functions; of odd lengths, and of widths that are no multiple of a vector. */
const sizes: readonly Sizes[] = [
  { B: 401, D: 203, E: 4, R: 2, M: 151, K: 16, batch: 3, m: 301, n: 170, k: 131 },
  { B: 301, D: 303, E: 1, R: 1, M: 500, K: 5, batch: 40, m: 33, n: 20, k: 70 },
  { B: 2001, D: 17, E: 8, R: 3, M: 30, K: 3, batch: 2, m: 1000, n: 3, k: 200 },
  { B: 40_001, D: 1, E: 2, R: 1, M: 5, K: 2, batch: 1, m: 7, n: 5, k: 900 },
];

/** Bytes that a call writes or returns. */
function resultOf(addon: NativeAddon, name: FunctionName, args: readonly Argument[]): string {
  const values = args.map(({ value }) => (ArrayBuffer.isView(value) ? value.slice() : value));
  const functions: Readonly<Record<string, unknown>> = { ...addon };
  const returned = (functions[name] as (...at: unknown[]) => unknown)(...values);
  const hash = createHash("sha256").update(String(returned));
  for (const [i, argument] of args.entries()) {
    const value = values[i];
    if (argument.kind === "memory" && argument.isWritten && ArrayBuffer.isView(value)) {
      hash.update(Buffer.from(value.buffer, value.byteOffset, value.byteLength));
    }
  }
  return hash.digest("hex");
}

/** Functions that compute nothing. */
const settings: readonly string[] = ["allocate", "setThreads", "setInstructionSet"];

const loaded = loadAddon();
const signatures = "addon" in loaded ? createSignatures(loaded.addon) : undefined;
const names = Object.keys(signatures ?? {}).filter((name) => !settings.includes(name)) as FunctionName[];

instructionSetSuites("with 1, 2, 3 and 16 threads", (test, open) => {
  for (const name of names) {
    test(`${name} gives the same bits`, async () => {
      const { addon } = await open();
      const random = createRandomData(11);
      const results = new Set<string>();
      for (const [i, at] of sizes.entries()) {
        const args = signatures![name](at, random);
        const [expected, ...others] = numThreads.map((threads) => {
          addon.setThreads(threads);
          return resultOf(addon, name, args);
        });
        for (const [j, other] of others.entries()) {
          assert.is(other, expected, `sizes ${i}, ${numThreads[j + 1]!} threads`);
        }
        results.add(expected!);
      }
      addon.setThreads(2);
      assert.is(results.size, sizes.length, "other inputs give other bits");
    });
  }

  for (const [what, setting] of Object.entries(trainings)) {
    test(`twenty steps of training end with the same parameters and the same optimizer: ${what}`, async () => {
      const { device } = await open();
      const results: string[] = [];
      for (const threads of numThreads) {
        device.setThreads?.(threads);
        results.push(await trainSmall(device, setting, 20));
      }
      assert.is(new Set(results).size, 1);
      device.setThreads?.(2);
      assert.is.not(await trainSmall(device, setting, 19), results[0], "another step gives other bits");
    });
  }
});
