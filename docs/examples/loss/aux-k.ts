// Features 1 and 3 were active on no row for 10 steps: they are dead. k = 1 leaves the second number of these rows
// over, and the dead features reconstruct it: exactly, so the loss is 0.
import { buildModel, compass, lossOf, print } from "../setup.ts";

const rows = [
  [3, 1],
  [4, -2],
];
const dead = { steps_since_active: [0, 20, 0, 20] };
const choice = { type: "aux-k", k: 1 };
const model = await buildModel({ expert: { type: "top-k", k: 1 }, parameters: dead });
print("they fit", await lossOf(choice, model, rows));

// Half as long, they leave a quarter of the squares, 0.25 and 1, beside a variance of 2.25 a row.
const decoder = compass.map((row, feature) => (feature % 2 === 1 ? row.map((value) => value / 2) : row));
const weak = await buildModel({ expert: { type: "top-k", k: 1 }, parameters: { ...dead, decoder } });
print("half as long", await lossOf(choice, weak, rows));

const alive = await buildModel({ expert: { type: "top-k", k: 1 } });
print("none is dead", await lossOf(choice, alive, rows));
