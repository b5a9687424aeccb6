/** `run --profile`: catches the profiles that runs report while they execute, and shows them after the sweep. */
import { profileRows } from "../analysis/profile-rows.ts";
import type { SweepEvents } from "../run/contracts.ts";
import type { RunProfile } from "../run/run-profile.ts";
import type { SweepResult } from "../run/run-sweep.ts";
import { textTable } from "./text-table.ts";

export interface ProfileCollector {
  /** Passes everything on. */
  readonly events: SweepEvents;
  /** By the id of the run. */
  readonly profiles: ReadonlyMap<string, RunProfile>;
}

export function collectProfiles(events: SweepEvents): ProfileCollector {
  const profiles = new Map<string, RunProfile>();
  return {
    events: {
      ...events,
      runEvent: (job, event) => {
        if (event.type === "profile") profiles.set(job.id, event.profile);
        events.runEvent(job, event);
      },
    },
    profiles,
  };
}

/** A table for every run that was profiled, and why others were not. */
export function formatProfiles(results: readonly SweepResult[], profiles: ReadonlyMap<string, RunProfile>): string {
  const tables = results.flatMap(({ job }) => {
    const profile = profiles.get(job.id);
    return profile === undefined ? [] : [formatProfile(job.name, profile)];
  });
  const untrained = results.filter(
    ({ job, outcome }) => ["skipped", "done"].includes(outcome.outcome) && !profiles.has(job.id),
  );
  return [...tables, ...untrainedText(untrained)].map((block) => `\n${block}`).join("");
}

function formatProfile(name: string, profile: RunProfile): string {
  const { device, steps, warmupSteps, stepMs } = profile;
  const { heading, rows } = profileRows(profile);
  const measured = `the mean of ${steps} ${steps === 1 ? "step" : "steps"} after ${warmupSteps} to warm up`;
  return `${name}: ${stepMs.toFixed(2)} ms a step, ${measured}, on ${device}\n\n${textTable(heading, rows)}`;
}

function untrainedText(results: readonly SweepResult[]): readonly string[] {
  const [first] = results;
  if (first === undefined) return [];
  const [runs, were, them] =
    results.length === 1 ? [first.job.name, "was", "it"] : [`${results.length} runs`, "were", "them"];
  return [
    `Nothing was trained, so there is nothing to profile: ${runs} ${were} trained before. --rerun all trains ${them} again.\n`,
  ];
}
