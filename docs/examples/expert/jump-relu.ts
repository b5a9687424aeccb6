// Feature 1 is below its threshold and falls silent; feature 0 is above its own and keeps its value.
import { buildModel, gradientOf, print, printCode } from "../setup.ts";

const model = await buildModel({
  expert: { type: "jump-relu", bandwidth: 0.5 },
  parameters: { "expert.threshold": [0.5, 0.5, 0.5, 0.5] },
});
const rows = [[3, 0.4]];
printCode(model, rows);

// The l0 loss lowers the count by raising the thresholds that a value is near: within half the bandwidth, 0.25.
const parameter = "expert.threshold";
print("gradient of l0", await gradientOf({ type: "l0" }, model, { rows, parameter }));
