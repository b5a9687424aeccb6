// Two groups of half an expert each. Going west (feature 2) is only known to the second, so the prefix of the first
// group reconstructs nothing of [-2, 0]: its error is 4, that of the whole 0. Weighted by 1/2 each: 2.
import { buildModel, lossOf, print, printCode } from "../setup.ts";

const model = await buildModel({ expert: { type: "matryoshka-batch-top-k", k: 1, groups: [0.5, 0.5] } });
const east = [[2, 0]];
const west = [[-2, 0]];
printCode(model, [...east, ...west]);
print("loss of east", await lossOf({ type: "reconstruction" }, model, east));
print("loss of west", await lossOf({ type: "reconstruction" }, model, west));
