import * as assert from "uvu/assert";
import { describeMachine } from "../../../bench/machine.ts";
import { bytesOf, workOf } from "../../../bench/step/floor.ts";
import type { MeasuredStep } from "../../../bench/step/measure-steps.ts";
import { resultOf, stepJson } from "../../../bench/step/result.ts";
import { suite } from "../../suite.ts";

const rates = { flopsPerSecond: 1e12, bytesPerSecond: 1e11 };

function step(stepMs: number, forward: number): MeasuredStep {
  const record = { step: 1, rows: 1, loss: 1, losses: {}, learningRate: 1, gradientNorm: 1, stepMs };
  return { ...record, phases: { forward, update: 1 } };
}

suite("results of the step bench", (test) => {
  const planned = { match: "width", size: { B: 4096, D: 768, F: 24576, E: 16, K: 32 } } as const;
  const run = { planned, errors: { loss: 1e-7 }, steps: [step(30, 9), step(10, 5), step(20, 6)] };

  test("are medians of steps and of their phases, over the floor", () => {
    const result = resultOf(run, rates);
    assert.equal(result.stepMs, { median: 20, min: 10, samples: [30, 10, 20] });
    assert.equal(result.phases, { forward: 6, update: 1 });
    assert.is(result.overFloor, 20 / result.floor.totalMs);
    assert.is(result.overMemory, 20 / result.floor.memoryMs);
    assert.is(result.bytesPerSecond, bytesOf(workOf(planned.size)) / 0.02);
  });

  test("make one line of JSON", () => {
    const results = [resultOf(run, rates)];
    const machine = { ...describeMachine(), ...rates };
    const json = JSON.stringify(stepJson({ device: "native", threads: 2, machine, results }));
    const read = JSON.parse(json) as Record<string, unknown>;
    assert.equal(Object.keys(read), ["bench", "checked", "device", "threads", "machine", "results"]);
    assert.is(read["checked"], true);
    const [first] = read["results"] as Record<string, unknown>[];
    const times = ["stepMs", "phases", "floor", "overFloor", "overMemory", "bytesPerSecond"];
    assert.equal(Object.keys(first!), ["match", "size", "errors", ...times]);
    assert.not.match(json, "\n");
  });
});
