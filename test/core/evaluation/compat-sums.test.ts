import * as assert from "uvu/assert";
import { CompatSums, compatMetrics } from "../../../core/evaluation/compat-sums.ts";
import { everyRow } from "../../../core/evaluation/row-pairs.ts";
import { suite } from "../../suite.ts";
import { near, rowsOf } from "./fixtures.ts";

type Rows = readonly (readonly number[])[];

function measure(acts: Rows, reconstruction: Rows, batchRows = acts.length): Readonly<Record<string, number>> {
  const width = acts[0]!.length;
  const sums = new CompatSums(width);
  for (let start = 0; start < acts.length; start += batchRows) {
    const part = (rows: Rows): number[] => rows.slice(start, start + batchRows).flat();
    const acts_BD = part(acts);
    sums.add({
      acts_BD,
      reconstruction_BD: part(reconstruction),
      width,
      rows: everyRow(acts_BD.length / width),
    });
  }
  return sums.metrics();
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const column = (rows: Rows, d: number): number[] => rows.map((row) => row[d]!);
const meanRow = (rows: Rows): number[] => rows[0]!.map((_unused, d) => meanOf(column(rows, d)));
const minus = (a: readonly number[], b: readonly number[]): number[] => a.map((x, d) => x - b[d]!);
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, d) => sum + x * b[d]!, 0);
const squares = (a: readonly number[]): number => dot(a, a);
/** Sum over the columns of their unbiased variances. */
const variances = (rows: Rows): number =>
  meanRow(rows)
    .map((mean, d) => column(rows, d).reduce((sum, x) => sum + (x - mean) ** 2, 0) / (rows.length - 1))
    .reduce((sum, variance) => sum + variance, 0);

/** Every definition written down once more, from formulas on whole lists. */
function reference(acts: Rows, reconstruction: Rows, batchRows: number): Readonly<Record<string, number>> {
  const errors = acts.map((row, n) => minus(row, reconstruction[n]!));
  const batches = Array.from({ length: Math.ceil(acts.length / batchRows) }, (_unused, i) =>
    acts.map((_row, n) => n).filter((n) => Math.floor(n / batchRows) === i),
  );
  const centres = batches.map((batch) => meanRow(batch.map((n) => acts[n]!)));
  const distance = (n: number): number => squares(minus(acts[n]!, centres[Math.floor(n / batchRows)]!));
  const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
  return {
    "fve-var": 1 - variances(errors) / variances(acts),
    "ev-legacy": meanOf(acts.map((_unused, n) => 1 - squares(errors[n]!) / distance(n))),
    "fvu-batch": meanOf(
      batches.map((batch) => total(batch.map((n) => squares(errors[n]!))) / total(batch.map(distance))),
    ),
    nmse: total(errors.map(squares)) / total(acts.map(squares)),
    "l2-norm": meanOf(errors.map((error) => Math.hypot(...error))),
    "l2-ratio": meanOf(acts.map((row, n) => Math.hypot(...reconstruction[n]!) / Math.hypot(...row))),
    "relative-bias": meanOf(reconstruction.map(squares)) / meanOf(acts.map((row, n) => dot(row, reconstruction[n]!))),
  };
}

suite("definitions of other libraries", (test) => {
  for (const batchRows of [30, 10, 7]) {
    test(`agree with a float64 reference in batches of ${batchRows}`, () => {
      const acts = rowsOf(30, 5, 2);
      const noise = rowsOf(30, 5, 3);
      const reconstruction = acts.map((row, n) => row.map((x, d) => 0.8 * x + 0.1 * noise[n]![d]! + 0.05));
      const measured = measure(acts, reconstruction, batchRows);
      const expected = reference(acts, reconstruction, batchRows);
      assert.equal(Object.keys(measured), Object.keys(compatMetrics));
      for (const [name, value] of Object.entries(expected)) near(measured[name], value, 1e-12);
    });
  }

  test("a perfect reconstruction is perfect by all of them", () => {
    const acts = rowsOf(10, 3, 1);
    const perfect = [1, 1, 0, 0, 0, 1, 1];
    Object.values(measure(acts, acts, 4)).forEach((value, i) => {
      near(value, perfect[i]!, 1e-12);
    });
  });

  test("predicting the mean explains nothing, by all that compare with the mean", () => {
    const acts = rowsOf(10, 3, 1);
    const mean = meanRow(acts);
    const metrics = measure(
      acts,
      acts.map(() => mean),
    );
    near(metrics["fve-var"], 0, 1e-12);
    near(metrics["ev-legacy"], 0, 1e-12);
    near(metrics["fvu-batch"], 1, 1e-12);
  });

  test("a constant error costs fve-var nothing and the others something", () => {
    const acts = rowsOf(10, 3, 1);
    const metrics = measure(
      acts,
      acts.map((row) => row.map((x) => x + 3)),
    );
    near(metrics["fve-var"], 1, 1e-12);
    assert.ok(metrics["fvu-batch"]! > 1);
    near(metrics["l2-norm"], Math.sqrt(27), 1e-12);
  });

  test("shrinkage shows in l2-ratio and relative-bias", () => {
    const acts = rowsOf(10, 3, 1);
    const metrics = measure(
      acts,
      acts.map((row) => row.map((x) => x / 2)),
    );
    near(metrics["l2-ratio"], 0.5, 1e-12);
    near(metrics["relative-bias"], 0.5, 1e-12);
    near(metrics["nmse"], 0.25, 1e-12);
  });

  test("averages ratios of rows where others divide sums", () => {
    // Two rows with squared errors 0.25 and 1 around a mean that is 2 and 2 away: legacy averages the ratios.
    const acts = [
      [1, 1],
      [-1, -1],
    ];
    const metrics = measure(acts, [
      [0.5, 1],
      [-1, 0],
    ]);
    near(metrics["ev-legacy"], 1 - (0.25 / 2 + 1 / 2) / 2, 1e-12);
    near(metrics["fvu-batch"], 1.25 / 4, 1e-12);
  });

  test("leaves out what has no denominator, and reports what is not a number", () => {
    const zero = [
      [0, 0],
      [0, 0],
    ];
    assert.equal(measure(zero, zero), { "l2-norm": 0 });
    assert.equal(new CompatSums(2).metrics(), {});
    const broken = measure(
      [
        [1, 2],
        [3, 4],
      ],
      [
        [Number.NaN, 0],
        [0, 0],
      ],
    );
    for (const [name, value] of Object.entries(broken)) assert.ok(Number.isNaN(value), name);
  });
});
