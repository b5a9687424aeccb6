import { lossConformance } from "./loss.ts";
import { testShipped } from "./shipped-plugins.ts";

await testShipped("loss", (plugin, options) => lossConformance(plugin, { options }), {
  l1: [
    { weight: 0.5, warmupSteps: 10 },
    { weight: 1, decoderNormWeighted: false },
  ],
});
