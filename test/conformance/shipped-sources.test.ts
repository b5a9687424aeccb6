import { exportedActivations, testShipped, tinyGpt2 } from "./shipped-plugins.ts";
import { sourceConformance } from "./source.ts";

const file = await exportedActivations();

/** Options that lead to other rows, by plugin. */
const different: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>> = {
  synthetic: [{ seed: 9 }, { width: 12 }, { noise: 0.1 }],
  activations: [{ heldOutRows: 5 }, { maxRows: 30 }],
  gpt2: [{ layer: 2 }, { contextLength: 8 }, { excludePositions: [0, 1] }],
};

await testShipped(
  "source",
  (plugin, options) => sourceConformance(plugin, { options, different: different[plugin.name] ?? [] }),
  {
    synthetic: [{ width: 8, features: 32, activeFeatures: 4, rows: 300, heldOutRows: 40 }],
    activations: [{ paths: [file], heldOutFraction: 0.25 }],
    gpt2: [tinyGpt2],
  },
);
