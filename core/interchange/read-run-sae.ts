/** The autoencoder of a finished run, out of its last checkpoint and its config, for the writers of formats. */
import { join } from "node:path";
import { readSafetensors } from "../data/safetensors.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import { stepsSinceActive } from "../model/feature-activity.ts";
import { readExit } from "../run/attempts.ts";
import { deriveState } from "../run/derive-state.ts";
import { checkpointsFolder } from "../run/layout.ts";
import { readRunConfig } from "../run/run-config-file.ts";
import { requireRunRecord } from "../run/run-record.ts";
import type { RunRecord } from "../run/run-record.ts";
import type { RunConfig } from "../config/config.ts";
import type { ForeignSae, SaeTensor } from "./foreign-sae.ts";

export interface RunSae extends ForeignSae {
  readonly record: RunRecord;
  readonly config: RunConfig;
}

/** @throws SwitchyardError EXPORT_NO_CHECKPOINT, RUN_FOLDER_BROKEN, RUN_FORMAT, SAFETENSORS_* */
export async function readRunSae(folder: string): Promise<RunSae> {
  const record = requireRunRecord(folder);
  const config = readRunConfig(folder);
  const { state, attempt } = deriveState(folder);
  const checkpoint = attempt === undefined ? undefined : readExit(folder, attempt)?.checkpoint;
  if (state !== "done" || checkpoint === undefined) throw notDone(folder, state);
  const { tensors } = await readSafetensors(join(checkpointsFolder(folder), checkpoint), isParameter);
  const parameters = new Map<string, SaeTensor>();
  for (const [name, { shape, data }] of tensors) {
    if (data instanceof Float32Array) parameters.set(name, { shape, data });
  }
  const { features, router, expert, encoderBias, subtractDecoderBias } = config.model;
  // Runs of version 0.1 have no such key.
  const isNormalised = Object.hasOwn(config.model, "normaliseActivations");
  const normaliseActivations = isNormalised ? config.model.normaliseActivations : "none";
  return {
    ...{ record, config, parameters, notes: [] },
    architecture: expert.type,
    width: record.shape.width,
    model: { features, router, expert, encoderBias, subtractDecoderBias, normaliseActivations },
  };
}

/** Neither the optimizer's state nor what only training asks for. */
function isParameter(name: string): boolean {
  return !name.startsWith("optimizer.") && name !== stepsSinceActive;
}

function notDone(folder: string, state: string): SwitchyardError {
  return new SwitchyardError("EXPORT_NO_CHECKPOINT", "Only a run that is done can be exported.", {
    where: folder,
    expected: "a run that is done",
    received: `a run that is ${state}`,
    next: "Give switchyard run the same config again: it continues.",
  });
}
