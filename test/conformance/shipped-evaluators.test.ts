import { evaluatorConformance } from "./evaluator.ts";
import { testShipped } from "./shipped-plugins.ts";

await testShipped("evaluator", (plugin, options) => evaluatorConformance(plugin, { options }));
