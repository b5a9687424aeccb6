// Four experts of one feature each, whose scores are the products with the compass, clipped at 0. Of [ln(3), ln(2)]
// those are ln(3), ln(2), 0, 0: the best two share the row as 3 to 2.
import { buildModel, compass, printCode, printRouting } from "../setup.ts";

const parameters = { "router.weight": compass };
const expert = { type: "top-k", k: 1 };
const rows = [[Math.log(3), Math.log(2)]];
const model = await buildModel({ router: { type: "top-e", experts: 4, e: 2 }, expert, parameters });
printRouting(model, rows);

// One top-k chooses among the features of both: 0.6 * ln(3) is more than 0.4 * ln(2).
printCode(model, rows);
