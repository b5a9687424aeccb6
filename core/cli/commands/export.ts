/** `switchyard export`: the autoencoder of a finished run in a format that other libraries read. */
import { resolve } from "node:path";
import { SwitchyardError } from "../../errors/switchyard-error.ts";
import { exportFormats } from "../../interchange/foreign-sae.ts";
import type { ExportFormat } from "../../interchange/foreign-sae.ts";
import { readRunSae } from "../../interchange/read-run-sae.ts";
import type { RunSae } from "../../interchange/read-run-sae.ts";
import { writeSaeLens } from "../../interchange/sae-lens-writer.ts";
import { writeSwitchSae } from "../../interchange/switch-sae.ts";
import { writeSwitchyard } from "../../interchange/switchyard.ts";
import { namesIn } from "../../run/layout.ts";
import { oneOf, required } from "../command.ts";
import type { Command } from "../command.ts";
import { shownPath } from "../project.ts";

export const exportRun: Command = {
  name: "export",
  summary: "Write the autoencoder of a finished run in a format that other libraries read.",
  usage: `switchyard export <run folder> --format ${exportFormats.join("|")} --to <folder>`,
  description:
    "saelens: a SAELens 6 folder, for models without a router. switch-sae: the tensors of amudide/switch_sae.\n" +
    "switchyard: any model, to be imported again. Weights are in the units of the activations, whatever\n" +
    "normaliseActivations was; docs/interchange.md says what each format cannot hold.",
  flags: {
    format: { type: "string", value: "<format>", help: "saelens, switch-sae or switchyard." },
    to: { type: "string", value: "<folder>", help: "A new or empty folder." },
  },
  examples: ["switchyard export runs/quickstart/k=32-0c1d2e3f --format saelens --to exported/k32"],
  positionals: [1, 1],
  run: async (words, io) => {
    required(words, exportRun, "format");
    const format = oneOf(words, "format", exportFormats) ?? "switchyard";
    const to = resolve(io.cwd, required(words, exportRun, "to"));
    const folder = resolve(io.cwd, words.positionals[0] ?? "");
    if (namesIn(to).length > 0) throw notEmpty(shownPath(io, to));
    const files = await write(format, await readRunSae(folder), to);
    io.out(files.map((file) => `${shownPath(io, file)}\n`).join(""));
    return 0;
  },
};

async function write(format: ExportFormat, sae: RunSae, to: string): Promise<readonly string[]> {
  switch (format) {
    case "saelens":
      return writeSaeLens(sae, to, metadataOf(sae));
    case "switch-sae":
      return writeSwitchSae(sae, to);
    case "switchyard":
      return writeSwitchyard(sae, to, `Switchyard run ${sae.record.id} (${sae.record.sweep}, ${sae.record.name})`);
    default:
      return format satisfies never;
  }
}

/** Where the activations came from, in SAELens' words, as far as the source names model, layer and hook. */
function metadataOf({ config: { source }, record }: RunSae): Readonly<Record<string, string | number>> {
  const { model, layer, hook, contextLength } = source;
  const point = typeof hook === "string" ? hookPoints[hook] : undefined;
  return {
    ...(typeof model === "string" ? { model_name: model } : {}),
    ...(typeof layer === "number" && point !== undefined ? { hook_name: `blocks.${layer}.${point}` } : {}),
    ...(typeof contextLength === "number" ? { context_size: contextLength } : {}),
    switchyard_run: record.id,
  };
}

/** Our points of a block -> TransformerLens' names. */
const hookPoints: Readonly<Record<string, string>> = {
  "resid-pre": "hook_resid_pre",
  "attention-out": "hook_attn_out",
  "mlp-out": "hook_mlp_out",
  "resid-post": "hook_resid_post",
};

function notEmpty(where: string): SwitchyardError {
  return new SwitchyardError("FLAG_VALUE", "The folder to export to is not empty.", {
    where,
    expected: "a new or empty folder",
    received: "a folder with files in it",
    next: "Name another folder, so that nothing is mixed up or overwritten.",
  });
}
