// Rows with two, one and no positive products: one active feature on average. South is active on none of them.
import { buildModel, measure, printMetrics } from "../setup.ts";

const model = await buildModel({ expert: { type: "relu" } });
const rows = [
  [3, 1],
  [-2, 0],
  [0, 0],
];
printMetrics(await measure({ type: "sparsity" }, model, rows));
