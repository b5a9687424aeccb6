import * as assert from "uvu/assert";
import { compareRuns } from "../../../core/analysis/compare-runs.ts";
import { failureOf, formatComparison } from "../../../core/analysis/text-table.ts";
import { suite } from "../../suite.ts";
import { failedRun, makeRun, quickstartRuns } from "./fixtures.ts";

suite("formatComparison", (test) => {
  test("aligns columns, puts units in the header and marks the best", () => {
    const metrics = { "reconstruction/mse": 11.84, "cost/flops-per-row": 524288, "cost/step-ms": 95.3 };
    const runs = [
      makeRun({ name: "router=none", metrics }),
      makeRun({
        name: "router=switch-experts=16",
        metrics: { ...metrics, "reconstruction/mse": 14.506, "cost/flops-per-row": 32768 },
      }),
    ];
    assert.is(
      formatComparison(compareRuns(runs, { metrics: ["mse", "flops-per-row", "step-ms"] })),
      [
        "run                          mse  flops-per-row [kFLOP]  step-ms  state",
        "router=none               11.84*                 524.3     95.30  done",
        "router=switch-experts=16  14.51                   32.8*    95.30  done",
        "",
        "* best of its column",
        "",
      ].join("\n"),
    );
  });

  test("shows missing values as dashes and says why runs failed", () => {
    const runs = [makeRun({ name: "a", metrics: { "reconstruction/mse": 2.5 } }), failedRun({ name: "b" })];
    assert.is(
      formatComparison(compareRuns(runs, { metrics: ["mse"] })),
      [
        "run    mse  state",
        "a    2.500  done",
        "b        -  failed",
        "",
        "failed:",
        "  b: The loss became NaN at step 120. [LOSS_NOT_FINITE]",
        "",
      ].join("\n"),
    );
  });

  test("shows replicates as mean and deviation with their number", () => {
    const runs = [1.5, 3].map((mse, seed) =>
      makeRun({ name: `k=8-seed=${seed}`, axes: { k: 8, seed }, metrics: { "reconstruction/mse": mse } }),
    );
    const text = formatComparison(compareRuns(runs, { metrics: ["mse"] }));
    assert.match(text, /^k=8 \(2 seeds\) {2}2\.250 \+- 1\.061 {2}done$/m);
  });

  test("every line of a real sweep has its state in the same column, and only ASCII", () => {
    const text = formatComparison(compareRuns([...quickstartRuns(), failedRun()]));
    const [header, ...lines] = text.split("\n").slice(0, 7);
    const place = header!.indexOf("state");
    assert.is(lines.length, 6);
    for (const line of lines) assert.match(line.slice(place), /^(done|failed)$/);
    assert.match(text, /^[\x20-\x7e\n]*$/);
  });

  test("no runs are said to be none", () => {
    assert.is(formatComparison(compareRuns([])), "no runs\n");
  });
});

suite("failureOf", (test) => {
  test("keeps to the first line and does not repeat the code", () => {
    const failure = { code: "OUT", message: "It stopped. [OUT]\n  where  here" };
    assert.is(failureOf(failedRun({ failure })), "It stopped. [OUT]");
    assert.is(failureOf(makeRun()), "");
  });
});
