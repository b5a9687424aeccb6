import * as assert from "uvu/assert";
import { formatNumber, formatOfColumn } from "../../../core/analysis/format-numbers.ts";
import { suite } from "../../suite.ts";

function column(values: readonly number[], unit?: string): { unit: string; written: string[] } {
  const format = formatOfColumn(values, unit);
  return { unit: format.unit, written: values.map(format.write) };
}

suite("formatOfColumn", (test) => {
  test("gives all numbers the same decimals", () => {
    assert.equal(column([11.8412, 9.5, 102.25]).written, ["11.84", "9.50", "102.25"]);
    assert.equal(column([0.21, 0.03979]).written, ["0.2100", "0.0398"]);
  });

  test("writes whole numbers without decimals", () => {
    assert.equal(column([16, 32, 0]).written, ["16", "32", "0"]);
  });

  test("scales FLOPs by one power of a thousand for the whole column", () => {
    assert.equal(column([524288, 32768], "FLOP"), { unit: "kFLOP", written: ["524.3", "32.8"] });
    assert.equal(column([75_497_472, 4_718_592], "FLOP"), { unit: "MFLOP", written: ["75.50", "4.72"] });
    assert.equal(column([512], "FLOP"), { unit: "FLOP", written: ["512.0"] });
  });

  test("abbreviates long numbers of any unit", () => {
    assert.equal(column([12_345_678, 23_456_789]), { unit: "M", written: ["12.35", "23.46"] });
  });

  test("falls back to exponents when the range is too wide", () => {
    assert.equal(column([1.5e-9, 2]).written, ["1.50e-9", "2.00e+0"]);
  });

  test("has an answer for no numbers and for zeros", () => {
    assert.is(formatOfColumn([]).write(0.5), "0.5");
    assert.equal(column([0, 0]).written, ["0", "0"]);
    assert.equal(column([0, 0.25]).written, ["0.0000", "0.2500"]);
  });

  test("keeps signs", () => {
    assert.equal(column([-0.0123, 0.5]).written, ["-0.0123", "0.5000"]);
  });
});

suite("formatNumber", (test) => {
  for (const [value, unit, expected] of [
    [0, "", "0"],
    [16, "", "16"],
    [11.84, "", "11.8"],
    [0.9612, "", "0.961"],
    [9999, "", "9999"],
    [614_400, "", "614 k"],
    [524_288, "FLOP", "524 kFLOP"],
    [1.05e6, "FLOP", "1.05 MFLOP"],
    [14.36, "ms", "14.4 ms"],
    [1.2e-7, "", "1.20e-7"],
    [-2.5, "", "-2.5"],
  ] as const) {
    test(`writes ${value} ${unit} as "${expected}"`, () => {
      assert.is(formatNumber(value, unit), expected);
    });
  }
});
