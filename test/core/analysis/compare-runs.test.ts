import * as assert from "uvu/assert";
import { compareRuns } from "../../../core/analysis/compare-runs.ts";
import type { Comparison } from "../../../core/analysis/compare-runs.ts";
import { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { suite } from "../../suite.ts";
import { failedRun, makeRun, quickstartRuns } from "./fixtures.ts";

const mse = "reconstruction/mse";
const names = ({ rows }: Comparison): string[] => rows.map(({ name }) => name);
const runOf = (name: string, value?: number, axes = {}) =>
  makeRun({ name, axes, metrics: value === undefined ? {} : { [mse]: value } });

suite("compareRuns", (test) => {
  test("shows the main metrics and the order of the runs when nothing is asked", () => {
    const runs = quickstartRuns();
    const comparison = compareRuns(runs);
    assert.equal(
      comparison.columns.map(({ label }) => label),
      ["mse", "fvu", "l0", "loss-recovered", "flops-per-row", "step-ms"],
    );
    assert.equal(
      names(comparison),
      runs.map(({ name }) => name),
    );
    assert.equal(comparison.runs, runs);
  });

  test("holds the values of the runs", () => {
    const { rows } = compareRuns([runOf("a", 2), runOf("b", 3)], { metrics: ["mse"] });
    assert.equal(
      rows.map(({ cells }) => cells[0]?.mean),
      [2, 3],
    );
    assert.equal(
      rows.map(({ cells }) => cells[0]?.deviation),
      [undefined, undefined],
    );
  });

  test("marks the best of a column by the direction of the metric", () => {
    const { rows, columns } = compareRuns(quickstartRuns());
    const best = columns.map((_column, c) => rows.flatMap((row, r) => (row.cells[c]?.isBest ? [r] : [])));
    // Dense is best in error, 16 experts in cost; l0 has no better direction.
    assert.equal(best, [[0], [0], [], [0], [4], [4]]);
  });

  test("marks nothing when all values are equal, and all that tie for best", () => {
    const marks = (values: number[]) =>
      compareRuns(
        values.map((value, i) => runOf(`${i}`, value)),
        { metrics: ["mse"] },
      ).rows.map((r) => r.cells[0]?.isBest);
    assert.equal(marks([2, 2]), [false, false]);
    assert.equal(marks([2, 3, 2]), [true, false, true]);
    assert.equal(marks([2]), [false]);
  });

  test("sorts by a metric in full or in short, either way, with missing values last", () => {
    const runs = [runOf("a", 3), runOf("none"), runOf("b", 1), runOf("c", 2)];
    assert.equal(names(compareRuns(runs, { sort: "mse" })), ["b", "c", "a", "none"]);
    assert.equal(names(compareRuns(runs, { sort: mse, descending: true })), ["a", "c", "b", "none"]);
  });

  test("sorts the runs that --json prints in the same order", () => {
    const { runs } = compareRuns([runOf("a", 3), runOf("b", 1)], { sort: "mse" });
    assert.equal(
      runs.map(({ name }) => name),
      ["b", "a"],
    );
  });

  test("sorts names with their numbers as numbers, and by swept paths", () => {
    const runs = [16, 2, 8].map((k) => runOf(`k=${k}`, 1, { "model.expert.k": k }));
    assert.equal(names(compareRuns(runs, { sort: "name" })), ["k=2", "k=8", "k=16"]);
    assert.equal(names(compareRuns(runs, { sort: "model.expert.k", descending: true })), ["k=16", "k=8", "k=2"]);
  });

  test("sorts by a swept path whose values are plugins", () => {
    const runs = [
      runOf("b", 1, { "model.router": { type: "switch", experts: 16 } }),
      runOf("a", 1, { "model.router": { type: "switch", experts: 2 } }),
    ];
    assert.equal(names(compareRuns(runs, { sort: "model.router" })), ["a", "b"]);
  });

  test("sorts by state", () => {
    assert.equal(names(compareRuns([failedRun({ name: "x" }), runOf("y", 1)], { sort: "state" })), ["y", "x"]);
  });

  test("keeps the order of runs that tie", () => {
    assert.equal(names(compareRuns([runOf("b", 1), runOf("a", 1)], { sort: "mse", descending: true })), ["b", "a"]);
  });

  test("refuses to sort by a metric that no run has, with the nearest name", () => {
    try {
      compareRuns([runOf("a", 1)], { sort: "reconstruction/msq" });
      assert.unreachable();
    } catch (error) {
      assert.instance(error, SwitchyardError);
      assert.is((error as SwitchyardError).code, "UNKNOWN_METRIC");
      assert.match((error as SwitchyardError).next ?? "", "reconstruction/mse");
    }
  });

  test("accepts the main metrics before any run was evaluated", () => {
    const { rows } = compareRuns([makeRun({ state: "pending" })], { sort: "mse" });
    assert.equal(rows[0]!.cells, [undefined, undefined, undefined, undefined, undefined, undefined]);
    assert.is(rows[0]!.state, "pending");
  });

  test("averages seeds in one row and keeps the runs", () => {
    const comparison = compareRuns(quickstartRuns([0, 1, 2]));
    assert.is(comparison.rows.length, 5);
    assert.is(comparison.runs.length, 15);
    const [dense] = comparison.rows;
    const values = dense!.runs.map(({ metrics }) => metrics[mse]!);
    const mean = (values[0]! + values[1]! + values[2]!) / 3;
    assert.ok(Math.abs(dense!.cells[0]!.mean - mean) < 1e-12);
    assert.is(dense!.cells[0]!.count, 3);
    assert.ok(dense!.cells[0]!.deviation! > 0);
  });

  test("says how replicates stand when they differ, and averages those that have values", () => {
    const runs = [0, 1, 2].map((seed) =>
      makeRun({
        name: `seed=${seed}`,
        axes: { seed },
        state: seed === 2 ? "failed" : "done",
        metrics: seed === 2 ? {} : { [mse]: seed + 1 },
      }),
    );
    const [row] = compareRuns(runs, { metrics: ["mse"] }).rows;
    assert.is(row!.state, "2 done, 1 failed");
    assert.is(row!.cells[0]!.mean, 1.5);
    assert.is(row!.cells[0]!.count, 2);
  });

  test("has no rows for no runs", () => {
    assert.equal(compareRuns([]).rows, []);
  });
});
