/** Builds a source once, so that what it harvests or downloads is in the cache before any run needs it. */
import type { SourceProgress } from "../data/contracts.ts";
import type { PluginCatalogue } from "../plugin/catalogue.ts";
import type { ProjectPaths } from "../plugin/define-plugin.ts";
import { sourceRef } from "../services.ts";
import type { SourceJob } from "./contracts.ts";
import { readConfigSources, readRunConfig } from "./run-config-file.ts";
import { createProcessorShare } from "./processor-share.ts";
import { createSweepScope } from "./scopes.ts";

export interface PrepareSourceInput {
  readonly source: SourceJob;
  readonly catalogue: PluginCatalogue;
  readonly paths: ProjectPaths;
  readonly progress: SourceProgress;
  /** How many it may use; all cores without it. */
  readonly threads?: number | undefined;
}

/** @throws SwitchyardError whatever building the device or the source reports */
export async function prepareSource(prepared: PrepareSourceInput): Promise<void> {
  const { catalogue, paths, progress, threads } = prepared;
  const { folder } = prepared.source;
  const input = { config: readRunConfig(folder), sources: readConfigSources(folder), catalogue, paths };
  const scope = await createSweepScope(input, progress, createProcessorShare(threads));
  try {
    await scope.get(sourceRef);
  } finally {
    await scope.dispose();
  }
}
