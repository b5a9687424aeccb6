/** Which GPU a bench ran on: what Dawn says of the adapter, and what NVIDIA's own tool says of the cards. */
import { execFile } from "node:child_process";
import { findAdapter, isSoftware, type AdapterFacts } from "../../kernels/webgpu/adapter.ts";
import { loadDawn } from "../../kernels/webgpu/dawn.ts";

export interface NvidiaCard {
  readonly name: string;
  readonly driver: string;
  /** As nvidia-smi writes it: "81559 MiB". */
  readonly memory: string;
}

export interface GpuDescription {
  /** For people: "NVIDIA H100 PCIe", "swiftshader". */
  readonly adapter: string;
  /** Whether it is a program that computes on the processor. Its times say nothing of any card. */
  readonly isSoftware: boolean;
  readonly facts: AdapterFacts;
  /** All of the machine; none where nvidia-smi is missing or fails. */
  readonly nvidia: readonly NvidiaCard[];
}

/** @param adapter The wish that the device was opened with. @throws KernelError DEVICE_UNAVAILABLE */
export async function describeGpu(adapter: string): Promise<GpuDescription> {
  const { facts, name } = await findAdapter(await loadDawn(), { adapter, power: "high" });
  return { adapter: name, isSoftware: isSoftware(facts), facts, nvidia: await nvidiaCards() };
}

const query = ["--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"];

/** @param command NVIDIA's tool, or a test's in its place. */
export function nvidiaCards(command = "nvidia-smi"): Promise<readonly NvidiaCard[]> {
  return new Promise((resolve) => {
    execFile(command, query, { timeout: 10_000 }, (error, output) => {
      resolve(error === null ? parseCards(output) : []);
    });
  });
}

/** @param output A line a card: "NVIDIA H100 PCIe, 550.54.15, 81559 MiB". */
export function parseCards(output: string): readonly NvidiaCard[] {
  return output
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [name = "", driver = "", memory = ""] = line.split(",").map((cell) => cell.trim());
      return { name, driver, memory };
    });
}

export function formatGpu({ adapter, isSoftware: isProgram, nvidia }: GpuDescription): string {
  const cards = nvidia.map(({ name, driver, memory }) => `${name}, driver ${driver}, ${memory}`);
  const seen = cards.length === 0 ? "nvidia-smi shows no card" : `nvidia-smi: ${cards.join("; ")}`;
  const warning = isProgram
    ? "\n  NOTE: this adapter is a program. Its times are those of the processor, not of a GPU."
    : "";
  return `adapter ${adapter} (${seen})${warning}`;
}
