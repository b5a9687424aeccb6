// The gates are the probabilities of the chosen experts, 3/4 each.
import { buildModel, lossOf, print } from "../setup.ts";

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
const choice = { type: "importance", weight: 1 };
print("balanced", await lossOf(choice, model, [east, west])); // sums 0.75 and 0.75
print("two to one", await lossOf(choice, model, [east, east, west])); // 1.5 and 0.75: (0.375 / 1.125)^2
print("all in one", await lossOf(choice, model, [east, east])); // 1.5 and 0: E - 1
