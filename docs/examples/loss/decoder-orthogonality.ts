// Two experts of two features each. Of the four pairs between them, east and west are of cosine -1, as are north and
// south; the other two are at right angles.
import { buildModel, lossOf, print } from "../setup.ts";

const choice = { type: "decoder-orthogonality", weight: 1 };
const router = { type: "switch", experts: 2 };
const expert = { type: "top-k", k: 1 };
const compassModel = await buildModel({ router, expert });
print("compass", await lossOf(choice, compassModel, [[1, 0]])); // (1 + 1 + 0 + 0) / 4

// The same direction twice, but in one expert: pairs inside an expert do not count.
const [east, north] = [
  [1, 0],
  [0, 1],
];
const apart = await buildModel({ router, expert, parameters: { decoder: [east, east, north, north] } });
print("experts apart", await lossOf(choice, apart, [[1, 0]]));
