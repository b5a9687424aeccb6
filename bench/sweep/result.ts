/** What the sweep bench reports, as lines for people and as one of JSON. */
import type { MachineDescription } from "../machine.ts";
import { rounded } from "../samples.ts";
import { partsOf, type SweepParts, type SweepTimes } from "./timeline.ts";

export interface SweepReport {
  readonly times: SweepTimes;
  readonly device: string;
  /** Whether the commands ran from dist/ or from the sources, which start more slowly. */
  readonly code: "bundle" | "sources";
  readonly machine: MachineDescription;
}

/** A JSON value, in seconds; every run in it is done. */
export function sweepJson({ times, device, code, machine }: SweepReport): unknown {
  const { trainingOverhead, slots, ofRuns, ...wall } = partsOf(times);
  const runs = times.runs.map(({ name, numSteps, stepsMs, trainingAt, evaluatingAt }) => ({
    ...{ name, numSteps, steps: stepsMs / 1000, training: (evaluatingAt - trainingAt) / 1000 },
  }));
  const seconds = { ...inSeconds(wall), ofRuns: inSeconds(ofRuns) };
  return rounded({ bench: "sweep", checked: true, seconds, trainingOverhead, slots, runs, device, code, machine });
}

/** Lines for people. */
export function sweepLines(parts: SweepParts, numRuns: number): readonly string[] {
  const line = (name: string, ms: number, what: string): string =>
    `${name.padEnd(18)}${(ms / 1000).toFixed(2).padStart(8)} s  ${what}`;
  const { ofRuns } = parts;
  return [
    line("wall-clock", parts.total, "from the command's start to its end"),
    line("  plan", parts.plan, "process, config, digests, run folders"),
    line("  source", parts.source, "a worker process, tokens, language model, harvest into an empty cache"),
    line("  runs", parts.runs, `${numRuns} runs, ${parts.slots} at a time`),
    line("  end", parts.end, "report and table"),
    "",
    "summed over the runs:",
    line("  process", ofRuns.process, "start of the worker processes"),
    line("  setup", ofRuns.setup, "device, source, model"),
    line("  training", ofRuns.training, "first step to last, with everything between"),
    line("    steps", ofRuns.steps, "the training steps by their own clock"),
    line("  evaluation", ofRuns.evaluation, ""),
    "",
    `overhead of training: ${(100 * parts.trainingOverhead).toFixed(1)} % = (training - steps) / steps`,
  ].map((text) => text.trimEnd());
}

function inSeconds<Name extends string>(parts: Readonly<Record<Name, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries<number>(parts).map(([name, ms]) => [name, ms / 1000]));
}
