// Two experts whose encoder rows lie apart, east and west, while every decoder row has its twin in the other expert.
import { buildModel, measure, printMetrics } from "../setup.ts";

const fan = [0, 0.1, 0.2, 0.3].map((angle) => [Math.cos(angle), Math.sin(angle)]);
const back = fan.map((row) => row.map((value) => -value));
const model = await buildModel({
  features: 8,
  router: { type: "switch", experts: 2 },
  expert: { type: "top-k", k: 1 },
  parameters: { encoder: [...fan, ...back], decoder: [...fan, ...fan] },
});
printMetrics(await measure({ type: "geometry", neighbours: 3 }, model, [[1, 0]]));
