// The code of [3, 1] is 3 and 1. Decoder rows of norm 1 count as they are, those of norm 2 twice: a model gains nothing
// by halving its codes and doubling its decoder.
import { buildModel, compass, lossOf, print } from "../setup.ts";

const rows = [[3, 1]];
const choice = { type: "l1", weight: 1 };
const model = await buildModel({ expert: { type: "relu" } });
print("norms of 1", await lossOf(choice, model, rows));

const decoder = compass.map((row) => row.map((value) => 2 * value));
const longer = await buildModel({ expert: { type: "relu" }, parameters: { decoder } });
print("norms of 2", await lossOf(choice, longer, rows));
print("not weighted", await lossOf({ ...choice, decoderNormWeighted: false }, longer, rows));
