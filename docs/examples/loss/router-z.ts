// The scores of [1, 0] are ln(3) and 0, whose exponentials sum to 4; those of [0, 1] are both 0 and sum to 2.
import { buildModel, lossOf, print } from "../setup.ts";

const parameters = {
  "router.weight": [
    [Math.log(3), 0],
    [0, 0],
  ],
};
const model = await buildModel({ router: { type: "switch", experts: 2 }, expert: { type: "top-k", k: 1 }, parameters });
const choice = { type: "router-z", weight: 0.001 };
print("scores ln(3), 0", await lossOf(choice, model, [[1, 0]])); // ln(4)^2
print("scores 0, 0", await lossOf(choice, model, [[0, 1]])); // ln(2)^2
