/** Kernels import nothing from core, so they throw an error class of their own; here it becomes core's. */
import { KernelError } from "../../kernels/kernel-error.ts";
import { SwitchyardError } from "./switchyard-error.ts";

/** @returns A SwitchyardError with the same code and fields for a KernelError; anything else as it is. */
export function fromKernelError(error: unknown): unknown {
  if (!(error instanceof KernelError)) return error;
  return new SwitchyardError(error.code, error.summary, {
    ...(error.where === undefined ? {} : { where: error.where }),
    ...(error.expected === undefined ? {} : { expected: error.expected }),
    ...(error.received === undefined ? {} : { received: error.received }),
    ...(error.next === undefined ? {} : { next: error.next }),
    cause: error,
  });
}
