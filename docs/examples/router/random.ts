// The row says nothing about its expert, and nothing is learnt: four equal rows go wherever chance sends them.
import { buildModel, print, printRouting } from "../setup.ts";

const model = await buildModel({ router: { type: "random", experts: 4 }, expert: { type: "top-k", k: 1 } });
const rows = [
  [3, 1],
  [3, 1],
  [3, 1],
  [3, 1],
];
for (const step of [0, 1]) {
  print(`step ${step}`, "");
  printRouting(model, rows, { step, totalSteps: 10 });
}
