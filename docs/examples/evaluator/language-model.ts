// A language model of two tokens takes the activations for its scores: [ln 3, 0] gives the token that follows 3/4, a
// cross-entropy of ln(4/3); zeros give it 1/2. Reconstructed at half their length they give sqrt(3) / (sqrt(3) + 1).
import { buildModel, compass, measure, printMetrics } from "../setup.ts";
import { twoTokenModel } from "../two-token-model.ts";

const rows = [
  [Math.log(3), 0],
  [0, Math.log(3)],
];
const languageModel = twoTokenModel(rows, [0, 1]);
const decoder = compass.map((row) => row.map((value) => value / 2));
const model = await buildModel({ expert: { type: "top-k", k: 1 }, parameters: { decoder } });
printMetrics(await measure({ type: "language-model" }, model, rows, { languageModel }));
