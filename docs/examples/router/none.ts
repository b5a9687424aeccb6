// One expert holds the whole dictionary, and every row goes to it with gate 1.
import { buildModel, printCode, printRouting } from "../setup.ts";

const model = await buildModel({ router: { type: "none" }, expert: { type: "top-k", k: 1 } });
const rows = [
  [3, 1],
  [-2, -5],
];
printRouting(model, rows);
printCode(model, rows);
