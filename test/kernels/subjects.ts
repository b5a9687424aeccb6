/**
 * What every kernel suite runs against: both versions on both backends that are always there, and on the native device
 * its own version with each instruction set of this processor, and the reference over its replaced tfjs kernels; on the
 * webgpu device its own version.
 */
import { cpuDevice } from "../../kernels/devices/cpu.ts";
import type { DeviceProvider } from "../../kernels/devices/device.ts";
import { nativeDevice } from "../../kernels/devices/native.ts";
import { wasmDevice } from "../../kernels/devices/wasm.ts";
import type { Implementation } from "../../kernels/kernel-version.ts";
import { loadAddon, type NativeAddon } from "../../kernels/native/addon.ts";
import { registerKernels } from "../../kernels/register.ts";
import type { ConformanceCase } from "../conformance/conformance-case.ts";
import type { KernelSubject } from "../conformance/kernels/kernel-subject.ts";
import { suite } from "../suite.ts";
import { gpuMissing, testedGpu } from "./software-gpu.ts";

const loaded = loadAddon();
const native = nativeDevice({ threads: 2, load: () => loaded });

export const subjects: readonly KernelSubject[] = [
  subject(cpuDevice, "reference"),
  subject(wasmDevice, "reference"),
  subject(cpuDevice, "host"),
  subject(wasmDevice, "host"),
  ...("addon" in loaded ? [subject(native, "reference"), ...instructionSets(loaded.addon)] : []),
  ...(gpuMissing === undefined ? [subject(testedGpu, "webgpu")] : []),
];

/** Why the native subjects are missing, where they are. */
export const nativeMissing = "addon" in loaded ? undefined : loaded.reason;

function subject(provider: DeviceProvider, implementation: Implementation): KernelSubject {
  return {
    name: `${implementation} kernels on ${provider.name}`,
    open: async () => {
      const device = await provider.open();
      registerKernels(provider.name, implementation);
      return device;
    },
  };
}

/** The same kernels compiled for each instruction set that this processor has. */
function instructionSets(addon: NativeAddon): readonly KernelSubject[] {
  return addon.instructionSets.map((name, number) => ({
    name: `native kernels on native, ${name}`,
    open: async () => {
      const device = await native.open();
      registerKernels("native", "native");
      addon.setInstructionSet(number);
      return device;
    },
  }));
}

/** Runs the cases of an operation against every subject, one suite each. */
export function runOnAll(operation: string, cases: (subject: KernelSubject) => readonly ConformanceCase[]): void {
  for (const subject of subjects) {
    suite(`${operation}: ${subject.name}`, (test) => {
      for (const { name, run } of cases(subject)) test(name, run);
    });
  }
  for (const [device, reason] of Object.entries({ native: nativeMissing, webgpu: gpuMissing })) {
    if (reason === undefined) continue;
    suite(`${operation}: ${device} kernels`, (test) => {
      test(`run on the device ${device}`, () => undefined, { skip: `${device} is not available: ${reason}` });
    });
  }
}
