/**
 * Made-up activations for the benches: sparse sums of unit directions from a few clusters, with noise. Structured, so
 * that routers have something to route by and features something to find; seeded, so that every run sees the same.
 */
import { createSyntheticRows } from "../../core/data/synthetic-rows.ts";
import { createRng } from "../../core/model/rng.ts";
import type { StepSize } from "./size.ts";

/** @returns `count` different batches [B, D], row-major. */
export async function makeBatches(
  { B, D }: Pick<StepSize, "B" | "D">,
  count: number,
  seed = 0,
): Promise<readonly Float32Array[]> {
  const options = {
    ...{ width: D, features: 8 * D, rows: count * B },
    ...{ activeFeatures: Math.min(24, D / 4), clusters: 8, clusterCosine: 0.3 },
    ...{ noise: 0.02, minMagnitude: 0.5, maxMagnitude: 1.5 },
  };
  const { store } = createSyntheticRows(options, createRng(seed));
  const batches: Float32Array[] = [];
  for (let i = 0; i < count; i++) {
    const batch_BD = new Float32Array(B * D);
    await store.read(i * B, B, batch_BD);
    batches.push(batch_BD);
  }
  return batches;
}
