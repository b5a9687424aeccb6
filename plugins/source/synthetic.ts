/**
 * Synthetic activations with known features: sparse non-negative sums of random unit directions, with noise. What a
 * dictionary should find is known, so recovery can be measured; with clusters, so can routing. Toy data in the manner
 * of Sharkey et al. 2022, "Taking features out of superposition with sparse autoencoders".
 *
 * @see docs/data.md
 */
import { Type } from "typebox";
import { digestValue } from "../../core/data/content-digest.ts";
import { rowRange } from "../../core/data/sharded-store.ts";
import { createSyntheticRows } from "../../core/data/synthetic-rows.ts";
import type { SyntheticOptions } from "../../core/data/synthetic-rows.ts";
import { SwitchyardError } from "../../core/errors/switchyard-error.ts";
import { createRng } from "../../core/model/rng.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";

export const synthetic = definePlugin({
  kind: "source",
  name: "synthetic",
  version: "1",
  summary: "Makes activations from known sparse features, for tests and recovery studies.",
  paper: "after Sharkey et al. 2022, Taking features out of superposition with sparse autoencoders",
  options: Type.Object({
    width: Type.Integer({ default: 64, minimum: 2, description: "Width of an activation." }),
    features: Type.Integer({ default: 256, minimum: 1, description: "True features." }),
    activeFeatures: Type.Number({
      default: 8,
      exclusiveMinimum: 0,
      description: "Mean number of features active in a row (the expected L0).",
    }),
    rows: Type.Integer({ default: 65536, minimum: 1, description: "Rows to train on." }),
    heldOutRows: Type.Integer({ default: 4096, minimum: 0, description: "Further rows, never trained on." }),
    clusters: Type.Integer({
      default: 1,
      minimum: 1,
      description: "Groups of features; a row uses features of one group. Divides features.",
    }),
    clusterCosine: Type.Number({
      default: 0.3,
      minimum: 0,
      maximum: 1,
      description: "Cosine between each feature's direction and its group's centre; has no effect with one group.",
    }),
    noise: Type.Number({ default: 0, minimum: 0, description: "Standard deviation of the noise on each coordinate." }),
    minMagnitude: Type.Number({ default: 0.5, minimum: 0, description: "Smallest value of an active feature." }),
    maxMagnitude: Type.Number({
      default: 1.5,
      exclusiveMinimum: 0,
      description: "Largest value of an active feature.",
    }),
    seed: Type.Integer({ default: 0, description: "Seed of directions and rows; independent of the run's seed." }),
  }),
  facts: (options) => {
    check(options);
    const { width, features, rows, heldOutRows } = options;
    return {
      width,
      fingerprint: digestValue({ version: 1, ...options }),
      description: `${rows} + ${heldOutRows} rows of ${features} known features`,
    };
  },
  create: (options) => {
    check(options);
    const { rows, heldOutRows, seed } = options;
    const { store, groundTruth } = createSyntheticRows({ ...options, rows: rows + heldOutRows }, createRng(seed));
    return {
      width: options.width,
      train: rowRange(store, 0, rows),
      heldOut: rowRange(store, rows, heldOutRows),
      groundTruth,
    };
  },
});

function check({ features, clusters, activeFeatures, minMagnitude, maxMagnitude }: SyntheticOptions): void {
  const fail = (where: string, expected: string, received: string): never => {
    throw new SwitchyardError("SOURCE_OPTIONS", "Options of the synthetic source contradict each other.", {
      where: `source.${where}`,
      expected,
      received,
    });
  };
  if (features % clusters !== 0) {
    fail("clusters", `a divisor of the ${features} features`, String(clusters));
  }
  if (activeFeatures > features / clusters) {
    fail("activeFeatures", `at most the ${features / clusters} features of a group`, String(activeFeatures));
  }
  if (minMagnitude > maxMagnitude) {
    fail("minMagnitude", `at most maxMagnitude, ${maxMagnitude}`, String(minMagnitude));
  }
}
