import * as assert from "uvu/assert";
import { describeMachine } from "../../../bench/machine.ts";
import { overridesOf, readSweepWords } from "../../../bench/sweep/options.ts";
import { sweepJson, sweepLines } from "../../../bench/sweep/result.ts";
import { partsOf, readLogDevice, readLogTimes } from "../../../bench/sweep/timeline.ts";
import { suite } from "../../suite.ts";

/** A run of 100 ms setup, 1000 ms training of which 900 are steps, 50 ms evaluation. */
function runFrom(name: string, startedAt: number) {
  const trainingAt = startedAt + 100;
  const evaluatingAt = trainingAt + 1000;
  return { name, startedAt, trainingAt, evaluatingAt, endedAt: evaluatingAt + 50, stepsMs: 900, numSteps: 9 };
}

const times = {
  ...{ startedAt: 0, plannedAt: 200, sourceReadyAt: 1000, endedAt: 3500 },
  // Two at a time: the third gets the place of the first, which ends at 2160.
  runs: [runFrom("a", 1010), runFrom("b", 1020), runFrom("c", 2180)],
};

suite("the timeline of a sweep", (test) => {
  test("divides the wall-clock without a rest", () => {
    const { total, plan, source, runs, end } = partsOf(times);
    assert.equal({ total, plan, source, runs, end }, { total: 3500, plan: 200, source: 800, runs: 2330, end: 170 });
    assert.is(plan + source + runs + end, total);
  });

  test("sums up the runs, whose processes start when a place is free", () => {
    const { ofRuns, slots } = partsOf(times);
    assert.is(slots, 2);
    assert.equal(ofRuns, { process: 10 + 20 + 20, setup: 300, training: 3000, steps: 2700, evaluation: 150 });
  });

  test("takes as overhead what training spends beside its steps", () => {
    assert.is(partsOf(times).trainingOverhead, 300 / 2700);
  });

  test("reads a run's log", () => {
    const log = [
      "2026-01-01T00:00:01.000Z device wasm (tfjs, 1 thread)",
      "2026-01-01T00:00:02.000Z training 400 steps from step 0",
      "2026-01-01T00:00:03.000Z step 10 loss 1",
      "2026-01-01T00:00:04.500Z evaluating",
    ].join("\n");
    const { trainingAt, evaluatingAt } = readLogTimes(log);
    assert.is(evaluatingAt - trainingAt, 2500);
    assert.is(readLogDevice(log), "wasm (tfjs, 1 thread)");
    assert.throws(() => readLogTimes(""), /no line like/);
  });
});

suite("the report of a sweep", (test) => {
  test("runs the config's steps on the device that auto takes, and logs each", () => {
    assert.equal(overridesOf(readSweepWords([])), ["training.logEvery=1", "device=auto"]);
    const words = readSweepWords(["device=wasm", "steps=40"]);
    assert.equal(overridesOf(words), ["training.logEvery=1", "device=wasm", "training.steps=40"]);
    assert.throws(() => overridesOf(readSweepWords(["steps=few"])), /whole number/);
  });

  test("is in seconds", () => {
    const report = { times, device: "wasm", code: "bundle", machine: describeMachine() } as const;
    const { seconds, trainingOverhead, runs } = JSON.parse(JSON.stringify(sweepJson(report))) as {
      readonly seconds: { readonly total: number; readonly ofRuns: { readonly steps: number } };
      readonly trainingOverhead: number;
      readonly runs: readonly unknown[];
    };
    assert.equal([seconds.total, seconds.ofRuns.steps, trainingOverhead, runs.length], [3.5, 2.7, 0.111111, 3]);
  });

  test("names every part", () => {
    const text = sweepLines(partsOf(times), 3).join("\n");
    for (const part of ["wall-clock", "plan", "source", "3 runs, 2 at a time", "steps", "evaluation", "11.1 %"]) {
      assert.match(text, part);
    }
  });
});
