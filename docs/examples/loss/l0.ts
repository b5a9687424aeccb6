// Above their thresholds of 0.5 lie two features of [3, 1] and one of [2, 0.2]: 1.5 on average.
import { buildModel, lossOf, print } from "../setup.ts";

const model = await buildModel({ expert: { type: "jump-relu", threshold: 0.5 } });
const rows = [
  [3, 1],
  [2, 0.2],
];
print("active features", await lossOf({ type: "l0" }, model, rows));
print("aiming at 1", await lossOf({ type: "l0", target: 1 }, model, rows)); // (1.5 / 1 - 1)^2
print("aiming at 2", await lossOf({ type: "l0", target: 2 }, model, rows)); // (1.5 / 2 - 1)^2
