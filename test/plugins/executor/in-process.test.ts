import * as assert from "uvu/assert";
import type { RunOutcome } from "../../../core/run/contracts.ts";
import { inProcess } from "../../../plugins/executor/in-process.ts";
import { suite } from "../../suite.ts";
import { recordingContext, someJobs } from "./recording-context.ts";

suite("executor in-process", (test) => {
  test("prepares shared sources and executes runs one after the other, in this process, on all cores", async () => {
    const { context, log } = recordingContext({});
    const { jobs, sources } = someJobs("a", "b");
    const outcomes = await (await inProcess.create({}, {})).execute(jobs, sources, { ...context, slots: 8 });
    assert.equal(
      outcomes.map(({ outcome }) => outcome),
      ["done", "done"],
    );
    assert.equal(log, [
      ...["prepare f00d with all cores", "source reading 1/2", "source ready"],
      ...["started a", "execute a with all cores", "a evaluating", "ended a done"],
      ...["started b", "execute b with all cores", "b evaluating", "ended b done"],
    ]);
  });

  test("goes on after a failing run", async () => {
    const failed: RunOutcome = { id: "a", outcome: "failed", failure: { code: "X_Y", message: "why" } };
    const { context } = recordingContext({ a: failed });
    const { jobs, sources } = someJobs("a", "b");
    const outcomes = await (await inProcess.create({}, {})).execute(jobs, sources, context);
    assert.equal(outcomes, [failed, { id: "b", outcome: "done" }]);
  });
});
