import { expertConformance } from "./expert.ts";
import { testShipped } from "./shipped-plugins.ts";

/** The threshold of jump-relu is trained through a rectangle around it. */
const straightThrough = ["threshold"];

await testShipped("expert", (plugin, options) => expertConformance(plugin, { options, straightThrough }), {
  "top-k": [{ k: 1 }, { k: 4 }, { k: 8 }, { k: 2, threshold: "use" }, { k: 2, annealSteps: 5, annealFrom: 6 }],
  "batch-top-k": [{ k: 1 }, { k: 3 }],
  "matryoshka-batch-top-k": [{ k: 2, groups: [0.25, 0.75] }],
});
