/**
 * Where the tuning of a GPU is kept: one file an adapter, in the user's cache folder. `switchyard tune` writes it, and
 * the webgpu device reads it when it opens.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { AdapterFacts } from "./adapter.ts";
import { defaultTuning, isTuning, type Tuning } from "./tuning.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** A driver's new version is another adapter, where the driver says its version. */
export function tuningFileOf(facts: AdapterFacts, env: Environment): string {
  const cacheFolder = env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const { vendor, architecture, device, description } = facts;
  const text = [vendor, architecture, device, description].join("\n");
  const name = (description || device || vendor || "gpu").toLowerCase().replace(/[^a-z0-9]+/g, "-");
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 8);
  return join(cacheFolder, "switchyard", "tuning", `${name.slice(0, 60)}-${hash}.json`);
}

export interface FoundTuning {
  readonly tuning: Tuning;
  /** For people. */
  readonly origin: string;
}

/** The tuning in the adapter's file; the default where there is none, or one that this version does not understand. */
export function readTuning(facts: AdapterFacts, env: Environment): FoundTuning {
  const file = tuningFileOf(facts, env);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    // No file, as before the first `switchyard tune`; one that cannot be read is no better.
    return { tuning: defaultTuning, origin: "default tuning" };
  }
  const tuning = tuningOf(text);
  return tuning === undefined
    ? { tuning: defaultTuning, origin: `default tuning, since ${file} is of another version: switchyard tune` }
    : { tuning, origin: "tuned" };
}

function tuningOf(text: string): Tuning | undefined {
  try {
    const value = JSON.parse(text) as { readonly tuning?: unknown } | null;
    return isTuning(value?.tuning) ? value.tuning : undefined;
  } catch {
    return undefined;
  }
}
