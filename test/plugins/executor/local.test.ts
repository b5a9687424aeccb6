import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { local } from "../../../plugins/executor/local.ts";
import { suite } from "../../suite.ts";
import { onGpus, recordingContext, someJobs } from "./recording-context.ts";

suite("executor local", (test) => {
  test("gives every run a process of its own, and outlives one that is killed", async () => {
    const { context, log } = recordingContext({});
    const { jobs, sources } = someJobs("report", "killed by the system", "report too");
    const outcomes = await (
      await local.create({ slots: 2, idleCores: "wait", gpus: [{}] }, {})
    ).execute(jobs, sources, context);
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
      await (await local.create({ slots: option, idleCores: "wait", gpus: [{}] }, {})).execute(jobs, [], withSlots);
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
      await local.create({ slots: 2, idleCores: "lend", gpus: [{}] }, {})
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

suite("executor local and the GPUs", (test) => {
  const gpus = [{ env: { SWITCHYARD_TEST_GPU: 7 } }, { adapter: "H100" }];

  test("gives every run on a GPU one of them, with its environment, and lets the next wait", async () => {
    const { context, log } = recordingContext({});
    const { jobs } = someJobs("tell gpu a", "tell gpu b", "tell gpu c");
    const executor = await local.create({ slots: 3, idleCores: "wait", gpus }, {});
    const outcomes = await executor.execute(onGpus(jobs), [], context);
    assert.equal(
      outcomes.map(({ outcome }) => outcome),
      ["done", "done", "done"],
    );
    assert.is(mostStarted(log), 2);
    const told = log.filter((line) => line.includes(" gpu ") && /(gpu 0 {2}7|gpu 1 H100 nothing)$/.test(line));
    assert.is(told.length, 3);
    assert.equal([...new Set(told.map((line) => line.replace(/.* (gpu \d) .*/, "$1")))].sort(), ["gpu 0", "gpu 1"]);
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
