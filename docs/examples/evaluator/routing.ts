// Three of four rows go to expert 0, with probability 3/4; the fourth to expert 1, also with 3/4.
import { buildModel, measure, printMetrics } from "../setup.ts";

const parameters = {
  "router.weight": [
    [Math.log(3), 0],
    [0, 0],
  ],
};
const model = await buildModel({ router: { type: "switch", experts: 2 }, expert: { type: "top-k", k: 1 }, parameters });
const [east, west] = [
  [1, 0],
  [-1, 0],
];
printMetrics(await measure({ type: "routing" }, model, [east, east, east, west]));
