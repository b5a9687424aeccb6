/** The four things that every kernel suite runs against: both versions on both backends that are always there. */
import { cpuDevice } from "../../kernels/devices/cpu.ts";
import type { DeviceProvider } from "../../kernels/devices/device.ts";
import { wasmDevice } from "../../kernels/devices/wasm.ts";
import type { Implementation } from "../../kernels/kernel-version.ts";
import { registerKernels } from "../../kernels/register.ts";
import type { ConformanceCase } from "../conformance/conformance-case.ts";
import type { KernelSubject } from "../conformance/kernels/kernel-subject.ts";
import { suite } from "../suite.ts";

export const subjects: readonly KernelSubject[] = [
  subject(cpuDevice, "reference"),
  subject(wasmDevice, "reference"),
  subject(cpuDevice, "host"),
  subject(wasmDevice, "host"),
];

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

/** Runs the cases of an operation against every subject, one suite each. */
export function runOnAll(operation: string, cases: (subject: KernelSubject) => readonly ConformanceCase[]): void {
  for (const subject of subjects) {
    suite(`${operation}: ${subject.name}`, (test) => {
      for (const { name, run } of cases(subject)) test(name, run);
    });
  }
}
