/** Tests of what only the native device has: they are skipped, with the reason, where it was not built. */
import * as tf from "@tensorflow/tfjs";
import type { Device } from "../../../kernels/devices/device.ts";
import { nativeDevice } from "../../../kernels/devices/native.ts";
import { loadAddon, type NativeAddon } from "../../../kernels/native/addon.ts";
import type { NativeBackend } from "../../../kernels/native/backend.ts";
import { memoryOf, type NativeMemory } from "../../../kernels/native/memory.ts";
import { suite, type Test } from "../../suite.ts";
import { nativeMissing } from "../subjects.ts";

export interface Native {
  readonly device: Device;
  readonly addon: NativeAddon;
  readonly backend: NativeBackend;
  readonly memory: NativeMemory;
}

/** A suite whose tests need the compiled kernels. */
export function nativeSuite(name: string, declare: (test: Test) => void): void {
  suite(name, (test) => {
    const skip = nativeMissing === undefined ? undefined : `native is not available: ${nativeMissing}`;
    declare((testName, body, options) => {
      test(testName, body, { ...options, ...(skip === undefined ? {} : { skip }) });
    });
  });
}

/** A suite for each instruction set of this processor; `open` makes it current. */
export function instructionSetSuites(name: string, declare: (test: Test, open: () => Promise<Native>) => void): void {
  for (const [number, instructionSet] of instructionSets().entries()) {
    nativeSuite(`${name}, ${instructionSet}`, (test) => {
      declare(test, async () => {
        const native = await openNative();
        native.addon.setInstructionSet(number);
        return native;
      });
    });
  }
}

/** At least one, so that suites of a missing device are declared, and skipped. */
function instructionSets(): readonly string[] {
  const loaded = loadAddon();
  return "addon" in loaded ? loaded.addon.instructionSets : ["no instruction set"];
}

/** Makes the native device current, with two threads. */
export async function openNative(): Promise<Native> {
  const device = await nativeDevice({ threads: 2 }).open();
  const backend = tf.backend() as NativeBackend;
  return { device, backend, addon: backend.addon, memory: memoryOf(backend) };
}

/** Names of the kernels among the addon's functions that `work` called, in order; memory is taken by the way. */
export function callsOf(addon: NativeAddon, work: () => void): readonly string[] {
  const calls: string[] = [];
  const functions = Object.entries(addon).filter(([, value]) => typeof value === "function");
  const recorded = functions.map(([name, call]: [string, (...args: unknown[]) => unknown]) => [
    name,
    (...args: unknown[]): unknown => {
      if (name !== "allocate") calls.push(name);
      return call(...args);
    },
  ]);
  Object.assign(addon, Object.fromEntries(recorded));
  try {
    work();
  } finally {
    Object.assign(addon, Object.fromEntries(functions));
  }
  return calls;
}

/** Takes and returns all free memory of the size, filled with something else. */
export function overwriteFreeMemory({ memory }: Native, size: number): void {
  tf.tidy(() => {
    for (let i = 0; i < 4; i++) memory.floats(memory.allocate([size], "float32")).fill(-77);
    for (let i = 0; i < 4; i++) memory.ints(memory.allocate([size], "int32")).fill(-77);
  });
}
