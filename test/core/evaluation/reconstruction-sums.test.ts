import * as assert from "uvu/assert";
import { ReconstructionSums } from "../../../core/evaluation/reconstruction-sums.ts";
import { suite } from "../../suite.ts";
import { near } from "./fixtures.ts";

suite("sums of reconstruction errors", (test) => {
  test("take the rows that count and no others", () => {
    const sums = new ReconstructionSums(1);
    sums.add({ acts_BD: [1, 1000, 3], reconstruction_BD: [2, -1000, 2], width: 1, rows: [0, 2] });
    // Errors 1 and 1; the mean of 1 and 3 is 2, so the variation is 2.
    const { mse, fvu, cosine } = sums.metrics();
    near(mse, 1, 1e-12);
    near(fvu, 1, 1e-12);
    near(cosine, 1, 1e-12);
  });

  test("say nothing without rows", () => {
    assert.equal(new ReconstructionSums(2).metrics(), {});
  });
});
