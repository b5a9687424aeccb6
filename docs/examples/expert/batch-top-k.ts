// k = 1 with two rows: the batch keeps its 2 largest activations, and here both of them belong to the first row.
import { buildModel, print, printCode } from "../setup.ts";

const rows = [
  [3, 2],
  [0.5, 0.1],
];
const model = await buildModel({ expert: { type: "batch-top-k", k: 1 } });
printCode(model, rows, { step: 0, totalSteps: 10 });

// When a model is used, a threshold that was estimated while training decides instead, for each row by itself.
print("threshold", 0.4);
printCode(
  await buildModel({ expert: { type: "batch-top-k", k: 1 }, parameters: { "expert.inference_threshold": 0.4 } }),
  rows,
);
