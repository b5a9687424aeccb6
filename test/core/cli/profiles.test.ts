import * as assert from "uvu/assert";
import { collectProfiles, formatProfiles } from "../../../core/cli/profiles.ts";
import type { RunJob, SweepEvents } from "../../../core/run/contracts.ts";
import type { SweepResult } from "../../../core/run/run-sweep.ts";
import { suite } from "../../suite.ts";
import { makeKernel, makeProfile } from "../run/make-profile.ts";

function resultOf(name: string, outcome: "done" | "skipped" | "interrupted"): SweepResult {
  return { job: { id: name, name, folder: `/${name}` }, outcome: { id: name, outcome } };
}

suite("profiles of a sweep", (test) => {
  test("are caught from the events, which all go on to the display", () => {
    const seen: string[] = [];
    const note = (text: string) => (): void => void seen.push(text);
    const display: SweepEvents = {
      ...{ sourceProgress: note("progress"), sourceReady: note("ready"), runStarted: note("started") },
      runEvent: (_job, { type }) => void seen.push(type),
      runEnded: note("ended"),
    };
    const { events, profiles } = collectProfiles(display);
    const job: RunJob = { id: "a", name: "experts=2", folder: "/r" };
    const profile = makeProfile();
    events.runStarted(job);
    events.runEvent(job, { type: "profile", profile });
    events.runEvent(job, { type: "evaluating" });
    events.runEnded(job, { id: "a", outcome: "done" });
    assert.equal(seen, ["started", "profile", "evaluating", "ended"]);
    assert.equal([...profiles], [["a", profile]]);
  });

  test("are a table each, under the name of the run and what was measured", () => {
    const kernels = [
      makeKernel("SwitchyardEncodeTopK", 40, { flops: 2e8, bytes: 1e7 }),
      makeKernel("Sum", 10, { bytes: 1e7 }),
    ];
    const profile = makeProfile([
      { phase: "data", ms: 5, kernels: [] },
      { phase: "forward", ms: 60, kernels },
      { phase: "backward", ms: 35, kernels: [] },
    ]);
    assert.is(
      formatProfiles([resultOf("experts=2", "done")], new Map([["experts=2", profile]])),
      [
        "",
        "experts=2: 100.00 ms a step, the mean of 20 steps after 5 to warm up, on cpu (a made-up one)",
        "",
        "                   calls      ms    share  GFLOP/s  GB/s  of machine",
        "data                        5.00    5.0 %",
        "project                     0.00    0.0 %",
        "forward                    60.00   60.0 %",
        "  encodeTopK           1   40.00   40.0 %      5.0   0.3        50 %",
        "  Sum                  1   10.00   10.0 %            1.0        20 %",
        "  outside kernels          10.00   10.0 %",
        "backward                   35.00   35.0 %",
        "norm                        0.00    0.0 %",
        "update                      0.00    0.0 %",
        "other                       0.00    0.0 %",
        "step                      100.00  100.0 %",
        "the machine                                   10.0   5.0",
        "",
      ].join("\n"),
    );
  });

  test("stand in the order of the runs", () => {
    const profiles = new Map(["b", "a"].map((name) => [name, makeProfile()]));
    const text = formatProfiles([resultOf("a", "done"), resultOf("b", "interrupted")], profiles);
    assert.equal(text.match(/^\w: /gm), ["a: ", "b: "]);
  });

  test("are missing for runs that were trained before: it says so, and how to train them again", () => {
    const advice = /^\nNothing was trained, so there is nothing to profile: (.*)\. --rerun all trains (.*) again\.\n$/;
    assert.match(formatProfiles([resultOf("a", "skipped")], new Map()), advice);
    const [, one, it] = advice.exec(formatProfiles([resultOf("a", "done")], new Map())) ?? [];
    assert.equal([one, it], ["a was trained before", "it"]);
    const several = formatProfiles([resultOf("a", "skipped"), resultOf("b", "done")], new Map());
    const [, two, them] = advice.exec(several) ?? [];
    assert.equal([two, them], ["2 runs were trained before", "them"]);
  });

  test("are missing without a word for a run that stopped before it could be measured", () => {
    assert.is(formatProfiles([resultOf("a", "interrupted")], new Map()), "");
  });
});
