// The router gives [1, 0] to expert 0 with probability 3/4 and [-1, 0] to expert 1 with 3/4.
import { lossOf, print } from "../setup.ts";
import { east, skewedModel, west } from "../skewed-model.ts";

const model = await skewedModel();
const choice = { type: "load-balance" };
print("balanced", await lossOf(choice, model, [east, west])); // 2 (1/2 1/2 + 1/2 1/2)
print("two to one", await lossOf(choice, model, [east, east, west])); // 2 (2/3 7/12 + 1/3 5/12)
print("all in one", await lossOf(choice, model, [east, east])); // 2 (1 3/4 + 0 1/4)
print("gshard, balanced", await lossOf({ ...choice, form: "gshard" }, model, [east, west])); // 1/2 (1/2 1/2 + 1/2 1/2)
