/** The features of a run, looked at when they were not yet, or were with other settings or another checkpoint. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { listCheckpoints, runFiles } from "../run/layout.ts";
import type { TrainedRun } from "../run/open-trained-run.ts";
import { buildFeatureIndex } from "./build-feature-index.ts";
import type { IndexProgress } from "./build-feature-index.ts";
import { readFeatureInfo, writeFeatureIndex } from "./feature-file.ts";
import { defaultFeatureSettings } from "./feature-record.ts";
import type { FeatureIndexInfo, FeatureSettings } from "./feature-record.ts";

export interface EnsureInput {
  /** Absolute. */
  readonly folder: string;
  /** Settings that matter to the caller; an index that differs in others is as good. */
  readonly settings: Partial<FeatureSettings>;
  /** Looks again whatever is there. */
  readonly rebuild?: boolean;
  /** Called when the run has to be opened; the caller disposes of it. */
  readonly open: () => Promise<TrainedRun>;
  readonly onProgress?: IndexProgress;
}

/** @throws SwitchyardError what opening the run, looking at it and writing the files report */
export async function ensureFeatureIndex(input: EnsureInput): Promise<FeatureIndexInfo> {
  const { folder, settings } = input;
  const found = readFeatureInfo(folder);
  if (found !== undefined && input.rebuild !== true && isCurrent(folder, found, settings)) return found;
  const run = await input.open();
  const base = found?.settings ?? defaultFeatureSettings;
  const index = await buildFeatureIndex(run, { ...base, ...settings }, input.onProgress);
  await writeFeatureIndex(folder, index);
  return index.info;
}

/** Whether the index is of the newest checkpoint and of these settings. */
function isCurrent(folder: string, info: FeatureIndexInfo, settings: Partial<FeatureSettings>): boolean {
  if (!existsSync(join(folder, runFiles.features))) return false;
  const [newest] = listCheckpoints(folder);
  // A run whose checkpoints were removed to save space keeps its features.
  if (newest !== undefined && newest !== info.step) return false;
  const stored = new Map<string, unknown>(Object.entries(info.settings));
  return Object.entries(settings).every(([name, value]) => stored.get(name) === value);
}
