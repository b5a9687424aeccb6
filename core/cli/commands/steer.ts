/** `switchyard steer`: what the language model says with a feature added to its activations, and without. */
import { SwitchyardError } from "../../errors/switchyard-error.ts";
import { readFeatures } from "../../inspection/feature-file.ts";
import type { FeatureRecord } from "../../inspection/feature-record.ts";
import { queryFeatures } from "../../inspection/query-features.ts";
import { countOf, numberOf, oneOf, wholeOf } from "../command.ts";
import type { Command, Words } from "../command.ts";
import { formatSteering, formatStudy } from "../format-steering.ts";
import type { Io } from "../io.ts";
import { indexOf, namedRun, openOnce } from "../open-named-run.ts";
import type { OpenOnce } from "../open-named-run.ts";
import { within } from "./features.ts";

export const steer: Command = {
  name: "steer",
  summary: "Add a feature to the language model's activations, and see what it says next.",
  usage:
    'switchyard steer <run folder> --feature <n> (--prompt "..." | --study <contexts>) [--scale <s>] [--continue <tokens>]',
  description:
    "The strength is --scale times the feature's largest activation on held-out rows; with --units activation, --scale\n" +
    "itself. --study steers held-out contexts instead of a prompt, and compares the effect with the direct logit effect\n" +
    "and with that of the feature's nearest neighbours.",
  flags: {
    feature: { type: "string", value: "<n>", help: "The feature to add." },
    prompt: { type: "string", value: "<text>", help: "The text to go on from." },
    study: { type: "string", value: "<contexts>", help: "Held-out contexts to study instead of a prompt." },
    scale: { type: "string", value: "<s>", help: "How much of it; negative takes it away. Default 1." },
    units: { type: "string", value: "max|activation", help: "What --scale counts in; default max." },
    positions: { type: "string", value: "all|last", help: "Positions that receive it; default all." },
    top: { type: "string", value: "<n>", help: "Tokens shown of each list; default 8." },
    continue: { type: "string", value: "<tokens>", help: "Tokens to go on for, with and without." },
    temperature: { type: "string", value: "<t>", help: "0, the default, takes the most probable token." },
    seed: { type: "string", value: "<n>", help: "Of a continuation that is drawn, and of the study; default 0." },
    json: { type: "boolean", help: "Print JSON." },
  },
  examples: [
    'switchyard steer runs/quickstart/router=none-cb20c353 --feature 17 --prompt "It was a dark" --scale 2',
    'switchyard steer runs/quickstart/router=none-cb20c353 --feature 17 --prompt "It was a dark" --continue 20',
    "switchyard steer runs/quickstart/router=none-cb20c353 --feature 17 --study 16",
  ],
  positionals: [1, 1],
  run: async (words, io) => {
    const folder = namedRun(io, words.positionals[0] ?? "");
    const asked = askedOf(words);
    const run = openOnce(io, folder);
    try {
      const { requireInspection } = await import("../../inspection/steer.ts");
      // Before the features of a run that cannot be steered are looked at.
      requireInspection(await run.open());
      const info = await indexOf(io, folder, run, { settings: {} });
      within("feature", asked.feature, info.features);
      const record = await featureOf(folder, asked.feature);
      const strength = asked.units === "max" ? asked.scale * largestOf(record) : asked.scale;
      const setting = { ...asked, strength, record };
      return await (asked.study === undefined ? steerPrompt(io, run, setting) : study(io, run, folder, setting));
    } finally {
      await run.dispose();
    }
  },
};

interface Asked {
  readonly feature: number;
  readonly prompt: string;
  readonly study: number | undefined;
  readonly scale: number;
  readonly units: "max" | "activation";
  readonly positions: "all" | "last";
  readonly top: number;
  readonly continuation: { readonly tokens: number; readonly temperature: number; readonly seed: number } | undefined;
  readonly seed: number;
  readonly json: boolean;
}

interface Setting extends Asked {
  readonly strength: number;
  readonly record: FeatureRecord;
}

function askedOf(words: Words): Asked {
  const feature = wholeOf(words, "feature");
  const [prompt, contexts] = [words.get("prompt"), countOf(words, "study")];
  if (feature === undefined) throw missing("--feature <n>", "switchyard features <run folder> lists them.");
  if ((prompt === undefined) === (contexts === undefined)) {
    throw missing("either --prompt <text> or --study <contexts>", "Give one of the two.");
  }
  const tokens = countOf(words, "continue");
  const temperature = numberOf(words, "temperature") ?? 0;
  if (temperature < 0) throw missing("a --temperature of at least 0", "0 takes the most probable token.");
  if (contexts !== undefined && tokens !== undefined)
    throw missing("--continue with --prompt", "A study continues none.");
  if (tokens === undefined && words.has("temperature"))
    throw missing("--continue <tokens>", "It says how many to draw.");
  const seed = wholeOf(words, "seed") ?? 0;
  return {
    ...{ feature, prompt: prompt ?? "", study: contexts, seed },
    scale: numberOf(words, "scale") ?? 1,
    units: oneOf(words, "units", ["max", "activation"]) ?? "max",
    positions: oneOf(words, "positions", ["all", "last"]) ?? "all",
    top: countOf(words, "top") ?? 8,
    continuation: tokens === undefined ? undefined : { tokens, temperature, seed },
    json: words.has("json"),
  };
}

function missing(what: string, next: string): SwitchyardError {
  return new SwitchyardError("FLAG_VALUE", `switchyard steer needs ${what}.`, { next });
}

async function featureOf(folder: string, feature: number): Promise<FeatureRecord> {
  const rest = { order: "number", ascending: false, withSilent: true, limit: 1 } as const;
  const [found] = (await queryFeatures(readFeatures(folder), { feature, ...rest })).features;
  if (found !== undefined) return found;
  throw new SwitchyardError("RUN_FOLDER_BROKEN", "features.jsonl has fewer features than the run.", {
    where: folder,
    received: `no feature ${feature}`,
    next: "Look again: switchyard features <run folder> --rebuild.",
  });
}

function largestOf({ feature, max }: FeatureRecord): number {
  if (max !== 0) return max;
  throw new SwitchyardError("FEATURE_SILENT", "The feature is never active on the held-out rows.", {
    where: `feature ${feature}`,
    expected: "a largest activation to scale by",
    received: "none",
    next: "Choose another one, or give the strength itself: --units activation --scale <s>.",
  });
}

async function steerPrompt(io: Io, run: OpenOnce, setting: Setting): Promise<number> {
  const inspection = await import("../../inspection/steer.ts");
  const { feature, strength, prompt, positions, top, continuation } = setting;
  const result = await inspection.steer({
    run: await run.open(),
    ...{ feature, strength, prompt, positions, tokens: top, continuation },
  });
  io.out(setting.json ? `${JSON.stringify({ feature, ...result }, undefined, 2)}\n` : formatSteering(setting, result));
  return 0;
}

async function study(io: Io, run: OpenOnce, folder: string, setting: Setting): Promise<number> {
  const { studySteering } = await import("../../inspection/study-steering.ts");
  const { studySubjects } = await import("../../inspection/study-subjects.ts");
  const { strength, positions, top, record, seed } = setting;
  const subjects = await studySubjects(record, readFeatures(folder), seed);
  const measured = await studySteering({
    run: await run.open(),
    ...{ subjects, strength, positions, contexts: setting.study ?? 1, tokens: top },
  });
  const result = { feature: setting.feature, strength, positions, ...measured };
  io.out(setting.json ? `${JSON.stringify(result, undefined, 2)}\n` : formatStudy(result));
  return 0;
}
