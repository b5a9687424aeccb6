// Each row keeps its one largest activation: [3, 1] the east, [-2, -5] the south. Nothing else is active.
import { buildModel, print, printCode, tf } from "../setup.ts";

const model = await buildModel({ expert: { type: "top-k", k: 1 } });
const rows = [
  [3, 1],
  [-2, -5],
];
printCode(model, rows);

// The reconstruction is what the active features point at.
print("reconstruction", model.forward(tf.tensor2d(rows)).reconstruction_BD);
