/** Writes the parameters of an imported autoencoder as the checkpoint of step 0 of its run. */
import { join } from "node:path";
import { writeSafetensors } from "../data/safetensors.ts";
import { stepsSinceActive } from "../model/feature-activity.ts";
import { checkpointName, checkpointsFolder } from "../run/layout.ts";
import { readRunRecord } from "../run/run-record.ts";
import { formatMetadata } from "../training/checkpoint-checks.ts";
import type { ForeignSae, SaeTensor } from "./foreign-sae.ts";
import type { PlannedImport } from "./plan-import.ts";

/**
 * Before the run's folder is made, so that a run that exists has its parameters. A folder of another run stays as it is.
 * @param folder Absolute, of the run.
 * @throws SwitchyardError DISK_FULL, FILE_UNWRITABLE, RUN_FORMAT, RUN_FOLDER_BROKEN
 */
export async function writeImportedCheckpoint(folder: string, sae: ForeignSae, { run }: PlannedImport): Promise<void> {
  const existing = readRunRecord(folder);
  if (existing !== undefined && existing.id !== run.id) return;
  const { features } = sae.model;
  const parameters = new Map<string, SaeTensor>(sae.parameters);
  parameters.set(stepsSinceActive, { shape: [features], data: new Float32Array(features) });
  const { seed, training } = run.config;
  const metadata = formatMetadata({ step: 0, rows: 0, seed, batchSize: training.batchSize });
  await writeSafetensors(join(checkpointsFolder(folder), checkpointName(0)), parameters, metadata);
}
