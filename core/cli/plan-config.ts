/** The first half of `run` and `plan`: from the words to planned runs, or to printed diagnostics. */
import { ConfigError } from "../config/diagnostic.ts";
import { diagnosticsToJson, formatDiagnostics } from "../config/format-diagnostics.ts";
import { planSweep } from "../sweep/plan-sweep.ts";
import type { SweepPlan } from "../sweep/plan-sweep.ts";
import type { Words } from "./command.ts";
import { openConfig } from "./composition-root.ts";
import type { OpenConfig } from "./composition-root.ts";
import type { Io } from "./io.ts";

export interface PlannedConfig extends OpenConfig {
  readonly sweep: SweepPlan;
}

/**
 * @returns `undefined` when the config is wrong: all that is wrong with it was printed, as JSON on standard output
 * with `--json`, else as text on standard error. The command then exits with 2.
 */
export async function planConfig(words: Words, io: Io): Promise<PlannedConfig | undefined> {
  const [file = "", ...overrides] = words.positionals;
  try {
    const opened = await openConfig(io, file, overrides);
    const { composition, schema, catalogue, project } = opened;
    return { ...opened, sweep: await planSweep({ composition, schema, catalogue, paths: project }) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { diagnostics } = error;
    if (words.has("json")) io.out(`${JSON.stringify({ diagnostics: diagnosticsToJson(diagnostics) }, undefined, 2)}\n`);
    else io.err(`${formatDiagnostics(diagnostics, { color: io.isTerminal })}\n`);
    return undefined;
  }
}
