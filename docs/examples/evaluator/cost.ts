// A row sees one expert of two, M = 2 of 4 features of width D = 2: the paper counts 4 D M R = 16 FLOPs.
import { buildModel, measure, printMetrics } from "../setup.ts";

const model = await buildModel({ router: { type: "switch", experts: 2 }, expert: { type: "top-k", k: 1 } });
// measure() of the examples says that 100 steps of 64 rows took 2 ms each and 300 MB.
printMetrics(await measure({ type: "cost" }, model, [[1, 0]]));
