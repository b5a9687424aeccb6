import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { local } from "../../../plugins/executor/local.ts";
import { suite } from "../../suite.ts";
import { recordingContext, someJobs } from "./recording-context.ts";

suite("executor local", (test) => {
  test("gives every run a process of its own, and outlives one that is killed", async () => {
    const { context, log } = recordingContext({});
    const { jobs, sources } = someJobs("report", "killed by the system", "report too");
    const outcomes = await (await local.create({ slots: 2, idleCores: "wait" }, {})).execute(jobs, sources, context);
    assert.equal(
      outcomes.map(({ outcome }) => outcome),
      ["done", "failed", "done"],
    );
    assert.not(
      log.some((line) => line.startsWith("execute")),
      "nothing ran in this process",
    );
    assert.equal(log.slice(0, 2), ["source reading 1/2", "source ready"]);
    const printed = readFileSync(join(jobs[2]!.folder, "attempts/1/log.txt"), "utf8");
    assert.is(printed, "printed by report too in /project\n");
  });

  test("runs as many at a time as it has slots; the command's word outranks the option", async () => {
    for (const [option, given, expected] of [
      [1, undefined, 1],
      [1, 2, 2],
    ] as const) {
      const { context, log } = recordingContext({});
      const { jobs } = someJobs("a", "b");
      const withSlots = given === undefined ? context : { ...context, slots: given };
      await (await local.create({ slots: option, idleCores: "wait" }, {})).execute(jobs, [], withSlots);
      assert.is(mostStarted(log), expected, `option ${option}, command ${given ?? "nothing"}`);
    }
  });
});

suite("executor local and the cores", (test) => {
  test("gives a source all of them, and divides them among the runs; lent ones go to the last run", async () => {
    const cores = availableParallelism();
    const { context, log } = recordingContext({});
    const { jobs, sources } = someJobs("tell threads until all", "leave early");
    const tellingSources = sources.map((source) => ({ ...source, fingerprint: "threads00" }));
    const outcomes = await (
      await local.create({ slots: 2, idleCores: "lend" }, {})
    ).execute(jobs, tellingSources, context);
    assert.equal(
      outcomes.map(({ outcome }) => outcome),
      ["done", "failed"],
    );
    assert.is(log[0], `source on ${cores} threads 1/2`);
    const told = log.filter((line) => line.endsWith("threads"));
    // A machine of one core has nothing to give away.
    const shares = new Set([Math.max(1, Math.floor(cores / 2)), cores]);
    assert.equal(
      told,
      [...shares].map((share) => `tell threads until all ${share} threads`),
    );
  });
});

/** The most runs that had started and not ended at one time. */
function mostStarted(log: readonly string[]): number {
  let running = 0;
  let most = 0;
  for (const line of log) {
    if (line.startsWith("started")) most = Math.max(most, ++running);
    if (line.startsWith("ended")) running -= 1;
  }
  return most;
}
