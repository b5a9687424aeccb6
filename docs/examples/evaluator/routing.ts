// Three of four rows go to expert 0, with probability 3/4; the fourth to expert 1, also with 3/4.
import { measure, printMetrics } from "../setup.ts";
import { east, skewedModel, west } from "../skewed-model.ts";

const model = await skewedModel();
printMetrics(await measure({ type: "routing" }, model, [east, east, east, west]));
