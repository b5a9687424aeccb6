/** Builds a source once, so that what it harvests or downloads is in the cache before any run needs it. */
import type { SourceProgress } from "../data/contracts.ts";
import type { PluginCatalogue } from "../plugin/catalogue.ts";
import type { ProjectPaths } from "../plugin/define-plugin.ts";
import { deviceRef, sourceRef } from "../services.ts";
import type { Resources, SourceJob } from "./contracts.ts";
import { checkAssignedGpu } from "./gpu-slots.ts";
import { readConfigSources, readRunConfig } from "./run-config-file.ts";
import { createSweepScope } from "./scopes.ts";

export interface PrepareSourceInput {
  readonly source: SourceJob;
  readonly catalogue: PluginCatalogue;
  readonly paths: ProjectPaths;
  readonly progress: SourceProgress;
  /** All cores, and no GPU in particular, without it. */
  readonly resources?: Resources | undefined;
}

/** @throws SwitchyardError whatever building the device or the source reports */
export async function prepareSource(prepared: PrepareSourceInput): Promise<void> {
  const { catalogue, paths, progress, resources } = prepared;
  const { folder } = prepared.source;
  const input = {
    config: readRunConfig(folder),
    sources: readConfigSources(folder),
    catalogue,
    paths,
    gpu: resources?.gpu,
  };
  const scope = await createSweepScope(input, progress, resources?.share);
  try {
    if (resources?.gpu !== undefined) checkAssignedGpu(resources.gpu, (await scope.get(deviceRef)).adapter);
    await scope.get(sourceRef);
  } finally {
    await scope.dispose();
  }
}
