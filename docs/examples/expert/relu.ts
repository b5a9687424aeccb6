// Every positive product is active: a row has as many features as directions that it partly points in.
import { buildModel, printCode } from "../setup.ts";

const model = await buildModel({ expert: { type: "relu" } });
printCode(model, [
  [3, 1],
  [-2, 0],
]);
