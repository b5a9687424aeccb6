/** Opens a run whose training has come to a checkpoint, for whoever wants to look at its model: nothing is written. */
import type * as tf from "@tensorflow/tfjs";
import type { RunConfig } from "../config/config.ts";
import type { ActivationSource, SourceProgress } from "../data/contracts.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type { SparseAutoencoder } from "../model/sparse-autoencoder.ts";
import type { PluginCatalogue } from "../plugin/catalogue.ts";
import type { ProjectPaths } from "../plugin/define-plugin.ts";
import * as services from "../services.ts";
import { restoreParameters } from "../training/checkpoint.ts";
import { listCheckpoints } from "./layout.ts";
import { findCheckpoint } from "./resume.ts";
import { readConfigSources, readRunConfig } from "./run-config-file.ts";
import { requireRunRecord } from "./run-record.ts";
import type { RunRecord } from "./run-record.ts";
import * as run from "./run-services.ts";
import { createRunScope, createSweepScope } from "./scopes.ts";

export interface OpenTrainedRunInput {
  /** Absolute. */
  readonly folder: string;
  readonly catalogue: PluginCatalogue;
  readonly paths: ProjectPaths;
  readonly progress?: SourceProgress;
  /** Told of checkpoints that cannot be read and are passed over. */
  readonly onDamaged?: (error: SwitchyardError) => void;
}

export interface TrainedRun {
  readonly folder: string;
  readonly record: RunRecord;
  readonly config: RunConfig;
  readonly tf: typeof tf;
  /** With the parameters of the newest checkpoint. */
  readonly model: SparseAutoencoder;
  readonly source: ActivationSource;
  /** Steps that the checkpoint had done. */
  readonly step: number;
  dispose(): Promise<void>;
}

/**
 * The newest checkpoint that can be read of a checkpoint's folder.
 * @throws SwitchyardError RUN_NOT_TRAINED; what building the device, the source or the plugins reports
 */
export async function openTrainedRun(input: OpenTrainedRunInput): Promise<TrainedRun> {
  const { folder, catalogue, paths } = input;
  const record = requireRunRecord(folder);
  // Before a device is opened and a source is harvested for nothing.
  if (listCheckpoints(folder).length === 0) throw notTrained(folder);
  const config = readRunConfig(folder);
  const scopeInput = { config, sources: readConfigSources(folder), catalogue, paths };
  const sweepScope = await createSweepScope(scopeInput, input.progress ?? (() => undefined));
  try {
    const scope = await createRunScope(scopeInput, sweepScope, { shape: record.shape, folder });
    const tensorFlow = await scope.get(services.tensorFlowRef);
    const model = await scope.get(run.modelRef);
    const expected = { parameters: model.parameters };
    const checkpoint = await findCheckpoint(
      folder,
      config.training.steps,
      expected,
      input.onDamaged ?? (() => undefined),
    );
    if (checkpoint === undefined) throw notTrained(folder);
    await restoreParameters(tensorFlow, model.parameters, checkpoint);
    const source = await scope.get(services.sourceRef);
    const { step } = checkpoint;
    return { folder, record, config, tf: tensorFlow, model, source, step, dispose: () => sweepScope.dispose() };
  } catch (error) {
    await sweepScope.dispose();
    throw error;
  }
}

function notTrained(folder: string): SwitchyardError {
  return new SwitchyardError("RUN_NOT_TRAINED", "The run has no checkpoint yet.", {
    where: folder,
    expected: "a run that has written a checkpoint",
    received: "none that can be read",
    next: "Train it first: switchyard run with its config.",
  });
}
