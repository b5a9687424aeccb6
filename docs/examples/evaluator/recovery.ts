// The data was made from two directions, east and north-east. The dictionary has the first; nearest to the second are
// east and north, both at cosine 0.707, which is no recovery.
import { buildModel, measure, printMetrics } from "../setup.ts";

const model = await buildModel({ expert: { type: "top-k", k: 1 } });
const groundTruth = { directions: Float32Array.of(1, 0, Math.SQRT1_2, Math.SQRT1_2), numFeatures: 2 };
printMetrics(await measure({ type: "recovery" }, model, [[1, 0]], { groundTruth }));
