/** Replays every golden file on one device; a test file a device calls this. */
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import * as assert from "uvu/assert";
import type { Device } from "../../kernels/devices/device.ts";
import type { Implementation } from "../../kernels/index.ts";
import { registerKernels } from "../../kernels/index.ts";
import { suite } from "../suite.ts";
import { configOf } from "./case-configs.ts";
import { readGoldenCase } from "./golden-case.ts";
import { withReferenceTies } from "./reference-ties.ts";
import { replay } from "./replay.ts";
import type { ReplayErrors } from "./replay.ts";

/** Float32 against float32, 60 steps. */
const tolerance = 1e-5;

/** Folder of the golden files. */
const folder = import.meta.dirname;

/** Case names, as the files in this folder say. */
export function goldenCaseNames(): readonly string[] {
  const files = readdirSync(folder).filter((file) => file.endsWith(".safetensors"));
  return files.map((file) => basename(file, ".safetensors")).sort();
}

export function goldenFile(name: string): string {
  return join(folder, `${name}.safetensors`);
}

export interface GoldenSuite {
  readonly device: string;
  readonly implementation: Implementation;
  readonly open: () => Promise<Device>;
  /** Why the device cannot be opened here, when it cannot. */
  readonly unavailable?: string | undefined;
  /** Of a device that is slow in tests: which part of the cases, so that several files share them. */
  readonly part?: { readonly index: number; readonly of: number };
}

export function goldenSuite({ device: name, implementation, open, unavailable, part }: GoldenSuite): void {
  const { index, of } = part ?? { index: 0, of: 1 };
  suite(`golden, ${name} device, ${implementation} kernels`, (test, hooks) => {
    let device: Device;
    hooks.before(async () => {
      if (unavailable !== undefined) return;
      device = await open();
      registerKernels(name, implementation);
    });
    for (const caseName of goldenCaseNames().filter((_, i) => i % of === index)) {
      const compare = async (): Promise<void> => {
        const errors = await replayCase(caseName, device);
        process.stdout.write(`\n${caseName}: worst ${worst(errors)}`);
        for (const [quantity, error] of errors) assert.ok(error <= tolerance, `${quantity} is off by ${error}`);
      };
      test(`${caseName} replays within ${tolerance}`, compare, { skip: unavailable, timeoutMs: 120_000 });
    }
  });
}

/** Builds the case from its metadata and replays it. @throws Error for a reference that nobody knows how to build */
export async function replayCase(caseName: string, device: Device): Promise<ReplayErrors> {
  const golden = await readGoldenCase(goldenFile(caseName));
  const adapt = golden.reference === "amudide/switch_sae moe" ? withReferenceTies : undefined;
  return replay(golden, configOf(golden), device, adapt);
}

function worst(errors: ReplayErrors): string {
  const [quantity, error] = [...errors].reduce((a, b) => (b[1] > a[1] ? b : a));
  return `${error.toExponential(1)} (${quantity})`;
}
