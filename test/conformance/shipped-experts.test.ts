import { expertConformance } from "./expert.ts";
import { testShipped } from "./shipped-plugins.ts";

await testShipped("expert", (plugin, options) => expertConformance(plugin, { options }), {
  "top-k": [{ k: 1 }, { k: 4 }, { k: 8 }],
});
