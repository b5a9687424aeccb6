// With one active feature, [3, 1] becomes [3, 0] (squared error 1) and [-2, -5] becomes [0, -5] (squared error 4).
import { buildModel, measure, printMetrics } from "../setup.ts";

const model = await buildModel({ expert: { type: "top-k", k: 1 } });
const rows = [
  [3, 1],
  [-2, -5],
];
// mse (1 + 4) / 2; fvu 2.5 of a variance of 15.25; cosine the mean of 3 / sqrt(10) and 5 / sqrt(29)
printMetrics(await measure({ type: "reconstruction" }, model, rows));
