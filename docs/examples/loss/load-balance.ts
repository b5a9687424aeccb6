// The router gives [1, 0] to expert 0 with probability 3/4 and [-1, 0] to expert 1 with 3/4.
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
const choice = { type: "load-balance" };
print("balanced", await lossOf(choice, model, [east, west])); // 2 (1/2 1/2 + 1/2 1/2)
print("two to one", await lossOf(choice, model, [east, east, west])); // 2 (2/3 7/12 + 1/3 5/12)
print("all in one", await lossOf(choice, model, [east, east])); // 2 (1 3/4 + 0 1/4)
print("gshard, balanced", await lossOf({ ...choice, form: "gshard" }, model, [east, west])); // 1/2 (1/2 1/2 + 1/2 1/2)
