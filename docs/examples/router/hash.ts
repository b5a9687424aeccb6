// Fixed directions instead of learnt ones. Rows of one direction share an expert, whatever their length.
import { buildModel, compass, printRouting } from "../setup.ts";

const model = await buildModel({
  router: { type: "hash", experts: 4 },
  expert: { type: "top-k", k: 1 },
  parameters: { "router.directions": compass }, // drawn from the run's seed unless set
});
printRouting(model, [
  [3, 1],
  [0.3, 0.1],
  [-2, 0],
]);
