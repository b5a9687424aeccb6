/** `switchyard tune`: measures which choices of the GPU's kernels are the fastest on this machine, and keeps them. */
import { writeJson } from "../../run/json-file.ts";
import { SwitchyardError } from "../../errors/switchyard-error.ts";
import { fromKernelError } from "../../errors/from-kernel-error.ts";
import { packageVersion } from "../../package-root.ts";
import type { Autotuned, MeasuredChoice, TuningSize } from "../../../kernels/webgpu/autotune.ts";
import { countOf, oneOf } from "../command.ts";
import type { Command, Words } from "../command.ts";
import type { Io } from "../io.ts";
import { textTable } from "../text-table.ts";

export const tune: Command = {
  name: "tune",
  summary: "Measure which kernels are the fastest on this GPU, and keep that for later runs.",
  usage:
    "switchyard tune [--adapter <name>] [--batch-size <n>] [--width <n>] [--features <n>] [--experts <n,n>] [--json]",
  description:
    "Shapes of tiles, threads of a workgroup and sizes of parts: they change times and no result, not by a bit.\n" +
    "What is measured is kept in the user's cache folder, one file a GPU, and `device: webgpu` reads it.",
  flags: {
    adapter: { type: "string", value: "<name>", help: "Part of the GPU's name, as in `device`; default auto." },
    power: { type: "string", value: "<high|low>", help: "Which GPU auto prefers; default high." },
    "batch-size": { type: "string", value: "<n>", help: "Rows of a batch; default 4096." },
    width: { type: "string", value: "<n>", help: "Width of the activations; default 768." },
    features: { type: "string", value: "<n>", help: "Features of the dictionary; default 24576." },
    experts: { type: "string", value: "<n,n>", help: "Numbers of experts that share the features; default 1,16,64." },
    active: { type: "string", value: "<n>", help: "Active features of a row; default 32." },
    json: { type: "boolean", help: "Print JSON." },
  },
  examples: ["switchyard tune", 'switchyard tune --adapter "RTX 4090" --batch-size 8192 --experts 1,32'],
  positionals: [0, 0],
  run: async (words, io) => {
    const size = sizeOf(words);
    const { tuned, file, description } = await tuneAndKeep(words, size, io);
    if (words.has("json")) io.out(`${JSON.stringify({ file, device: description, size, ...tuned }, undefined, 2)}\n`);
    else io.out(`${description}\n\n${tableOf(tuned, size)}\nKept in ${file}\n`);
    return 0;
  },
};

interface Kept {
  readonly tuned: Autotuned;
  /** Absolute. */
  readonly file: string;
  /** Of the device. */
  readonly description: string;
}

/** Tensor libraries are loaded here and not before. */
async function tuneAndKeep(words: Words, size: TuningSize, io: Io): Promise<Kept> {
  const { webGpuDevice } = await import("../../../kernels/devices/webgpu.ts");
  const { autotune } = await import("../../../kernels/webgpu/autotune.ts");
  const { tuningFileOf } = await import("../../../kernels/webgpu/tuning-file.ts");
  const { findAdapter } = await import("../../../kernels/webgpu/adapter.ts");
  const { loadDawn } = await import("../../../kernels/webgpu/dawn.ts");
  const wish = {
    adapter: words.get("adapter") ?? "auto",
    power: oneOf(words, "power", ["high", "low"]) ?? "high",
  };
  try {
    const device = await webGpuDevice(wish).open();
    const { facts } = await findAdapter(await loadDawn(), wish);
    const tuned = autotune(device, size, (measured) => {
      io.err(`${measured.name} ${measured.choice}: ${timesOf(measured).join(", ")}\n`);
    });
    const file = tuningFileOf(facts, io.env);
    const made = { switchyard: packageVersion(), date: new Date().toISOString(), adapter: facts, size };
    await writeJson(file, { ...tuned, ...made });
    return { tuned, file, description: device.description };
  } catch (error) {
    throw fromKernelError(error);
  }
}

/** A line a choice, those that were taken marked. */
function tableOf({ tuning, measured }: Autotuned, { experts }: TuningSize): string {
  const heading = ["", "kernel", "choice", ...experts.map((count) => `${count} ${count === 1 ? "expert" : "experts"}`)];
  return textTable(
    heading,
    measured.map((result) => [
      tuning[result.name] === result.choice ? "*" : "",
      result.name,
      String(result.choice),
      ...timesOf(result),
    ]),
  );
}

function timesOf({ seconds }: MeasuredChoice): readonly string[] {
  return seconds === undefined ? ["other results"] : seconds.map((time) => `${(1000 * time).toPrecision(3)} ms`);
}

/** @throws SwitchyardError FLAG_VALUE */
function sizeOf(words: Words): TuningSize {
  const features = countOf(words, "features") ?? 24_576;
  const experts = (words.get("experts") ?? "1,16,64").split(",").map(Number);
  if (experts.some((count) => !(Number.isInteger(count) && count >= 1 && features % count === 0))) {
    throw new SwitchyardError("FLAG_VALUE", "--experts needs whole numbers that divide the features.", {
      expected: `numbers that divide ${features}, with commas between them`,
      received: words.get("experts") ?? "1,16,64",
    });
  }
  return {
    batchSize: countOf(words, "batch-size") ?? 4096,
    width: countOf(words, "width") ?? 768,
    features,
    experts,
    activeFeatures: countOf(words, "active") ?? 32,
  };
}
