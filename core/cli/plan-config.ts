/** The first half of `run` and `plan`: from the words to planned runs, or to printed diagnostics. */
import { ConfigError } from "../config/diagnostic.ts";
import { diagnosticsToJson, formatDiagnostics } from "../config/format-diagnostics.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import { planSweep } from "../sweep/plan-sweep.ts";
import type { SweepPlan } from "../sweep/plan-sweep.ts";
import type { Words } from "./command.ts";
import { openConfig } from "./composition-root.ts";
import type { OpenConfig } from "./composition-root.ts";
import type { Io } from "./io.ts";

export interface PlannedConfig extends OpenConfig {
  readonly sweep: SweepPlan;
}

/** As `orProblems`, of the plan of a sweep. */
export async function planConfig(words: Words, io: Io): Promise<PlannedConfig | undefined> {
  const [file = "", ...overrides] = words.positionals;
  return orProblems(words, io, async () => {
    const opened = await openConfig(io, file, overrides);
    const { composition, schema, catalogue, project } = opened;
    return { ...opened, sweep: await planSweep({ composition, schema, catalogue, paths: project }) };
  });
}

/**
 * @returns `undefined` when the config is wrong: all that is wrong with it was printed, as JSON on standard output
 * with `--json`, else as text on standard error. The command then exits with 2.
 */
export async function orProblems<T>(words: Words, io: Io, plan: () => Promise<T>): Promise<T | undefined> {
  try {
    return await plan();
  } catch (error) {
    const problems = problemsOf(error, io);
    if (words.has("json")) io.out(`${JSON.stringify({ diagnostics: problems.data }, undefined, 2)}\n`);
    else io.err(`${problems.text}\n`);
    return undefined;
  }
}

/**
 * A config is also wrong when a plugin that it names cannot be loaded: that comes as a single error, with its place.
 * Anything else is not the config's fault and is thrown on.
 */
function problemsOf(error: unknown, io: Io): { readonly text: string; readonly data: readonly unknown[] } {
  if (error instanceof ConfigError) {
    const { diagnostics } = error;
    return {
      text: formatDiagnostics(diagnostics, { color: io.isTerminal }),
      data: diagnosticsToJson(diagnostics),
    };
  }
  if (!(error instanceof SwitchyardError)) throw error;
  const { code, summary, where, expected, received, next } = error;
  return {
    text: error.message,
    data: [{ code, severity: "error", message: summary, where, expected, received, next }],
  };
}
