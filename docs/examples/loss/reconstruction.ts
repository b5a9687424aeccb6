// With one active feature, [3, 1] becomes [3, 0] (squared error 1) and [-2, -5] becomes [0, -5] (squared error 4).
import { buildModel, lossOf, print } from "../setup.ts";

const model = await buildModel({ expert: { type: "top-k", k: 1 } });
const rows = [
  [3, 1],
  [-2, -5],
];
print("sum", await lossOf({ type: "reconstruction" }, model, rows)); // (1 + 4) / 2
print("mean", await lossOf({ type: "reconstruction", form: "mean" }, model, rows)); // divided by D = 2

// The rows lie 2.5 and 3 from their mean [0.5, -2]: a variance of 15.25, of which 2.5 is left unexplained.
print("normalised", await lossOf({ type: "reconstruction", form: "normalised" }, model, rows));
