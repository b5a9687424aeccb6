import * as assert from "uvu/assert";
import { profileRows } from "../../../core/analysis/profile-rows.ts";
import { suite } from "../../suite.ts";
import { makeKernel, makeProfile } from "../run/make-profile.ts";

/** Rows without empty cells, one line each. */
function lines(...phases: Parameters<typeof makeProfile>): string[] {
  return profileRows(makeProfile(...phases)).rows.map((cells) => cells.filter((cell) => cell !== "").join(" | "));
}

suite("rows of a profile", (test) => {
  test("are the phases in the order of a step, the step, and what the machine can do", () => {
    const shown = lines([
      { phase: "update", ms: 25, kernels: [] },
      { phase: "data", ms: 75, kernels: [] },
    ]);
    assert.equal(shown, [
      "data | 75.00 | 75.0 %",
      ...["project", "forward", "backward", "norm"].map((phase) => `${phase} | 0.00 | 0.0 %`),
      "update | 25.00 | 25.0 %",
      "other | 0.00 | 0.0 %",
      "step | 100.00 | 100.0 %",
      "the machine | 10.0 | 5.0",
    ]);
  });

  test("have as many cells as the heading", () => {
    const kernels = [makeKernel("Sum", 8, { bytes: 4e6 }), makeKernel("Add", 0.1), makeKernel("Mul", 0.1)];
    const { heading, rows } = profileRows(makeProfile([{ phase: "forward", ms: 20, kernels }]));
    assert.ok(rows.length > 9);
    assert.ok(rows.every(({ length }) => length === heading.length));
  });

  test("list below a phase its kernels and what was spent outside of them, slowest first", () => {
    const kernels = [makeKernel("Sum", 30), makeKernel("Add", 10, { calls: 2.25 })];
    const shown = lines([{ phase: "forward", ms: 60, kernels }]);
    assert.equal(shown.slice(2, 6), [
      "forward | 60.00 | 60.0 %",
      "  Sum | 1 | 30.00 | 30.0 %",
      "  outside kernels | 20.00 | 20.0 %",
      "  Add | 2.3 | 10.00 | 10.0 %",
    ]);
  });

  test("join what is hardly noticed, however much of it there is", () => {
    const small = Array.from({ length: 10 }, (_, i) => makeKernel(`K${i}`, 0.4));
    const shown = lines([{ phase: "forward", ms: 54.4, kernels: [makeKernel("Sum", 50), ...small] }]);
    assert.equal(shown.slice(2, 6), [
      "forward | 54.40 | 54.4 %",
      "  Sum | 1 | 50.00 | 50.0 %",
      "  10 others | 4.00 | 4.0 %",
      "backward | 0.00 | 0.0 %",
    ]);
  });

  test("set a kernel against what bounds it: arithmetic or memory, whichever is nearer to the machine's", () => {
    const kernels = [
      // 8 GFLOP/s of 10, 1 GB/s of 5.
      makeKernel("Dense", 10, { flops: 8e7, bytes: 1e7 }),
      // 1 GFLOP/s of 10, 3 GB/s of 5.
      makeKernel("Sparse", 10, { flops: 1e7, bytes: 3e7 }),
      makeKernel("Sum", 10, { bytes: 2e7 }),
      makeKernel("Reshape", 10),
    ];
    assert.equal(lines([{ phase: "forward", ms: 40, kernels }]).slice(3, 7), [
      "  Dense | 1 | 10.00 | 10.0 % | 8.0 | 1.0 | 80 %",
      "  Sparse | 1 | 10.00 | 10.0 % | 1.0 | 3.0 | 60 %",
      "  Sum | 1 | 10.00 | 10.0 % | 2.0 | 40 %",
      "  Reshape | 1 | 10.00 | 10.0 %",
    ]);
  });

  test("divide a kernel's cost by its time with the kernels that it calls, which have rows of their own", () => {
    const kernels = [
      makeKernel("BatchMatMul", 30, { within: ["SwitchyardEncodeTopK"], flops: 1.5e8 }),
      makeKernel("SwitchyardEncodeTopK", 20, { totalMs: 50, flops: 1.5e8 }),
    ];
    assert.equal(lines([{ phase: "forward", ms: 50, kernels }]).slice(3, 5), [
      "  BatchMatMul in encodeTopK | 1 | 30.00 | 30.0 % | 5.0 | 50 %",
      "  encodeTopK | 1 | 20.00 | 20.0 % | 3.0 | 30 %",
    ]);
  });
});
