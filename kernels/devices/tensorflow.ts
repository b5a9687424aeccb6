/**
 * The tensorflow device: TensorFlow's C library, on a GPU where `@tensorflow/tfjs-node-gpu` is installed and finds one,
 * else on the CPU with `@tensorflow/tfjs-node`. Both are optional peers that nothing here imports statically: their
 * install script downloads libtensorflow, npm 11 and later do not run a dependency's install script unless allowed,
 * and the GPU build needs CUDA 11. It runs the reference kernels. A GPU adds duplicates with atomics, so the last
 * bits of a run may differ from time to time there.
 */
import util from "node:util";
import * as tf from "@tensorflow/tfjs";
import { createKernels, registerKernels } from "../index.ts";
import { KernelError } from "../kernel-error.ts";
import type { DeviceProvider } from "./device.ts";

/** How a package is loaded; a test passes one of its own. */
export type Importer = (specifier: string) => Promise<unknown>;

export interface TensorFlowSettings {
  /** "gpu" tries the GPU package alone, "cpu" the CPU package alone, "any" the GPU first. */
  readonly processor: "gpu" | "cpu" | "any";
  readonly importPackage?: Importer;
}

const packages = { gpu: "@tensorflow/tfjs-node-gpu", cpu: "@tensorflow/tfjs-node" } as const;

/** @returns A provider whose `open` makes tfjs' "tensorflow" backend current. */
export function tensorFlowDevice(settings: TensorFlowSettings): DeviceProvider {
  const importPackage = settings.importPackage ?? ((specifier: string): Promise<unknown> => import(specifier));
  const candidates = settings.processor === "any" ? [packages.gpu, packages.cpu] : [packages[settings.processor]];
  return {
    name: "tensorflow",
    unavailableReason: async () => {
      const loaded = await loadFirst(candidates, importPackage);
      return loaded.name === undefined ? loaded.failures.map(({ reason }) => reason).join("; ") : undefined;
    },
    open: async () => {
      const loaded = await loadFirst(candidates, importPackage);
      tf.enableProdMode();
      // tfjs throws for a backend that it does not know, and answers false for one that does not start.
      const known = (tf.findBackendFactory("tensorflow") as unknown) !== null;
      if (loaded.name === undefined || !known || !(await tf.setBackend("tensorflow"))) {
        throw unavailable(candidates, loaded);
      }
      await tf.ready();
      const onGpu = usesGpu(tf.backend());
      if (settings.processor === "gpu" && !onGpu) throw noGpu();
      registerKernels("tensorflow", "reference");
      return {
        name: "tensorflow",
        description: `tensorflow (${loaded.name}, tfjs ${tf.version.tfjs}, ${onGpu ? "GPU" : "CPU"})`,
        tf,
        kernels: createKernels(),
      };
    },
  };
}

interface Loaded {
  /** The package that loaded, if one did. */
  readonly name?: string;
  readonly failures: readonly { readonly reason: string; readonly cause: unknown }[];
}

/** Importing one of these packages registers the backend "tensorflow" with tfjs. */
async function loadFirst(candidates: readonly string[], importPackage: Importer): Promise<Loaded> {
  const failures: { reason: string; cause: unknown }[] = [];
  restoreRemovedFunction();
  for (const name of candidates) {
    try {
      await importPackage(name);
      return { name, failures };
    } catch (cause) {
      failures.push({ reason: explain(name, cause), cause });
    }
  }
  return { failures };
}

/**
 * tfjs-node 4.22.0 calls this function at the first tensor, and Node 23 removed it. It is put back where it is missing.
 * @see https://github.com/tensorflow/tfjs/issues/8609
 */
function restoreRemovedFunction(): void {
  if ("isNullOrUndefined" in util) return;
  const value = (given: unknown): boolean => given === null || given === undefined;
  Object.defineProperty(util, "isNullOrUndefined", { value, configurable: true, writable: true });
}

function explain(name: string, cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const missing = code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND";
  // The package itself is missing only when the message names it; else something that it needs is.
  return missing && message.includes(`'${name}'`)
    ? `${name} is not installed`
    : `${name} is installed but does not load (${message.split("\n")[0] ?? ""})`;
}

function unavailable(candidates: readonly string[], { failures }: Loaded): KernelError {
  const broken = failures.some(({ reason }) => reason.includes("does not load"));
  const last = candidates[candidates.length - 1] ?? packages.cpu;
  return new KernelError("DEVICE_UNAVAILABLE", "The tensorflow device cannot be opened.", {
    where: "device tensorflow",
    expected: candidates.join(" or "),
    received: failures.map(({ reason }) => reason).join("; ") || "a package that brings no backend",
    next: broken
      ? `Its install script, which downloads libtensorflow, may not have run; npm 11 and later need leave for that: ` +
        `\`npm install-scripts approve ${last}\`, then \`npm rebuild ${last}\`. Or choose \`device: wasm\`.`
      : `Run \`npm install ${last}\`, \`npm install-scripts approve ${last}\` and \`npm rebuild ${last}\`, or choose ` +
        "`device: wasm`.",
    cause: failures[0]?.cause,
  });
}

/** The GPU package runs on the CPU, without a word, where TensorFlow finds no GPU that it supports. */
function usesGpu(backend: object): boolean {
  return "isUsingGpuDevice" in backend && backend.isUsingGpuDevice === true;
}

function noGpu(): KernelError {
  return new KernelError("DEVICE_UNAVAILABLE", "TensorFlow loads, but finds no GPU that it can use.", {
    where: "device tensorflow",
    expected: "an NVIDIA GPU with the CUDA 11 libraries that this build of TensorFlow was made for",
    received: "no GPU device",
    next: "Install those libraries, or choose `device: wasm`.",
  });
}
