/**
 * Which adapter the device computes on. A real GPU is taken before a software adapter, and a software adapter never
 * unless it is asked for by name: it computes on the processor, far slower than the device `native`.
 */
import { isPartOfName } from "../devices/adapter-name.ts";
import { KernelError } from "../kernel-error.ts";
import { withEvents, type Dawn } from "./dawn.ts";
import { softwareAdapters, type MissingGpu, type System } from "./visible-gpu.ts";

export interface AdapterWish {
  /** Part of the adapter's name, or "auto". */
  readonly adapter: string;
  readonly power: "high" | "low";
  /** For tests: the system that is asked which drivers it has. */
  readonly system?: System;
}

/** What is known of an adapter. Drivers leave fields empty as they like. */
export interface AdapterFacts {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  readonly isFallbackAdapter: boolean;
}

export interface FoundAdapter {
  readonly adapter: GPUAdapter;
  readonly facts: AdapterFacts;
  /** For people: "NVIDIA H100 PCIe", "swiftshader". */
  readonly name: string;
}

/** @throws KernelError DEVICE_UNAVAILABLE */
export async function findAdapter(dawn: Dawn, wish: AdapterWish): Promise<FoundAdapter> {
  const adapter = wish.adapter === "auto" ? await request(dawn, wish, []) : await requestByName(dawn, wish);
  if (adapter === null) throw noAdapter(nothingFound, wish.system);
  const facts = factsOf(adapter);
  const found = { adapter, facts, name: nameOf(facts) };
  if (wish.adapter === "auto" && isSoftware(facts)) {
    throw noAdapter({ ...nothingFound, received: `only a software adapter, ${found.name}` }, wish.system);
  }
  return found;
}

/** Adapters of these names compute on the processor. */
const softwareNames = /swiftshader|llvmpipe|lavapipe|basic render|warp/i;

/** Whether an adapter is a program and no card. */
export function isSoftware({ isFallbackAdapter, architecture, device, description }: AdapterFacts): boolean {
  return isFallbackAdapter || softwareNames.test(`${architecture} ${device} ${description}`);
}

/** For browsers, Dawn rounds timestamps to a tenth of a millisecond, which is longer than most kernels. */
const exactTimes = "disable-dawn-features=timestamp_quantization";

async function request(dawn: Dawn, { power }: AdapterWish, options: readonly string[]): Promise<GPUAdapter | null> {
  const powerPreference = power === "high" ? "high-performance" : "low-power";
  const gpu = dawn.instance([...options, exactTimes]);
  return withEvents(() => gpu.requestAdapter({ powerPreference }));
}

/** Dawn wants the name from its start and lists the names when none fits; we take any part, however spelt. */
async function requestByName(dawn: Dawn, wish: AdapterWish): Promise<GPUAdapter | null> {
  try {
    return await request(dawn, wish, [`adapter=${wish.adapter}`]);
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    const names = [...text.matchAll(/name: '([^']*)'/g)].map(([, name = ""]) => name);
    const found = names.find((name) => isPartOfName(wish.adapter, name));
    if (found !== undefined) return request(dawn, wish, [`adapter=${found}`]);
    throw new KernelError("DEVICE_UNAVAILABLE", "There is no GPU adapter of this name.", {
      where: "device webgpu: adapter",
      expected: names.length === 0 ? "an adapter, of which there is none" : `part of: ${names.join(", ")}`,
      received: wish.adapter,
      next: "Name one of these, or leave `adapter` out. `switchyard doctor` shows what the machine has.",
      cause,
    });
  }
}

function factsOf(adapter: GPUAdapter): AdapterFacts {
  // Newer than the types that tfjs brings.
  const { info } = adapter as unknown as { info: Partial<AdapterFacts> };
  const { vendor = "", architecture = "", device = "", description = "", isFallbackAdapter = false } = info;
  return { vendor, architecture, device, description, isFallbackAdapter };
}

function nameOf({ vendor, architecture, device, description }: AdapterFacts): string {
  const words = [device, architecture, vendor].filter((text) => text !== "");
  const name = words[0] ?? "an adapter without a name";
  return description === "" || description === name ? name : `${name}, ${description}`;
}

const nothingFound: MissingGpu = {
  received: "no adapter: there is no driver for Vulkan, Metal or Direct3D 12 that Dawn can load and use",
  next:
    "Install the GPU's driver, and on Linux the Vulkan loader (libvulkan1); docs/devices.md tells how, in containers " +
    "too. Or choose `device: native`.",
};

/** @param system Whose software adapters are named too; by default this one. */
export function noAdapter({ received, next }: MissingGpu, system?: System): KernelError {
  const software = softwareAdapters(system);
  const only =
    software.length === 0
      ? ""
      : ` Software adapters compute on the processor and are taken only by name: ` +
        `${software.map((name) => `device: { type: webgpu, adapter: ${name} }`).join(" or ")}.`;
  return new KernelError("DEVICE_UNAVAILABLE", "The webgpu device finds no GPU.", {
    where: "device webgpu",
    expected: "a GPU with a driver for Vulkan (Linux), Metal (macOS) or Direct3D 12 (Windows)",
    received,
    next: `${next}${only}`,
  });
}
