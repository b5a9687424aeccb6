import { routerConformance } from "./router.ts";
import { testShipped } from "./shipped-plugins.ts";

await testShipped("router", (plugin, options) => routerConformance(plugin, { options }), {
  switch: [{}, { experts: 1 }, { experts: 7, bias: "separate" }, { experts: 3, gate: "heaviside", bias: "none" }],
  "top-e": [{}, { experts: 2, e: 2 }, { experts: 5, e: 3, bias: "none" }, { experts: 3, e: 1, gate: "heaviside" }],
});
