/** Builds a source once, so that what it harvests or downloads is in the cache before any run needs it. */
import type { SourceProgress } from "../data/contracts.ts";
import type { PluginCatalogue } from "../plugin/catalogue.ts";
import type { ProjectPaths } from "../plugin/define-plugin.ts";
import { sourceRef } from "../services.ts";
import type { SourceJob } from "./contracts.ts";
import { readConfigSources, readRunConfig } from "./run-config-file.ts";
import { createSweepScope } from "./scopes.ts";

export interface PrepareSourceInput {
  readonly source: SourceJob;
  readonly catalogue: PluginCatalogue;
  readonly paths: ProjectPaths;
  readonly progress: SourceProgress;
}

/** @throws SwitchyardError whatever building the device or the source reports */
export async function prepareSource({ source, catalogue, paths, progress }: PrepareSourceInput): Promise<void> {
  const { folder } = source;
  const config = readRunConfig(folder);
  const scope = await createSweepScope({ config, sources: readConfigSources(folder), catalogue, paths }, progress);
  try {
    await scope.get(sourceRef);
  } finally {
    await scope.dispose();
  }
}
