// The gates are the probabilities of the chosen experts, 3/4 each.
import { lossOf, print } from "../setup.ts";
import { east, skewedModel, west } from "../skewed-model.ts";

const model = await skewedModel();
const choice = { type: "importance", weight: 1 };
print("balanced", await lossOf(choice, model, [east, west])); // sums 0.75 and 0.75
print("two to one", await lossOf(choice, model, [east, east, west])); // 1.5 and 0.75: (0.375 / 1.125)^2
print("all in one", await lossOf(choice, model, [east, east])); // 1.5 and 0: E - 1
