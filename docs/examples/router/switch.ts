// Two experts of two features each. Only the score of expert 0 depends on the row: ln(3) for [1, 0], so its probability
// there is 3 / (3 + 1); for [-1, 0] it is (1/3) / (1/3 + 1) = 1/4, and expert 1 is taken with 3/4.
import { buildModel, printCode, printRouting } from "../setup.ts";

const parameters = {
  "router.weight": [
    [Math.log(3), 0],
    [0, 0],
  ],
};
const expert = { type: "top-k", k: 1 };
const model = await buildModel({ router: { type: "switch", experts: 2 }, expert, parameters });
const rows = [
  [1, 0],
  [-1, 0],
  [0, 1], // a tie: the lower index
];
printRouting(model, rows);

// The gate multiplies the code. Features 0 and 1 belong to expert 0, features 2 and 3 to expert 1.
printCode(model, rows);
