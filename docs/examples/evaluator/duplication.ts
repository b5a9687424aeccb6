// Two experts of two features. Both have learnt the east; besides, the first knows it twice over (cosine 0.99).
import { buildModel, measure, printMetrics } from "../setup.ts";

const decoder = [
  [1, 0], // expert 0
  [0.99, 0.141],
  [1, 0], // expert 1
  [0, 1],
];
const model = await buildModel({
  router: { type: "switch", experts: 2 },
  expert: { type: "top-k", k: 1 },
  parameters: { decoder },
});
const metrics = await measure({ type: "duplication", threshold: 0.9 }, model, [[1, 0]]);
// Features 0, 1, 2 have a near-copy: 3/4. In their own expert features 0 and 1, in the other one all three.
printMetrics(metrics, ["duplicates", "same-expert", "cross-expert", "effective-features", "mean-max-cosine"]);
