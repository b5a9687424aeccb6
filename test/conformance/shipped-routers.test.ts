import type { RouterConformanceOptions } from "./router-bench.ts";
import { routerConformance } from "./router.ts";
import { testShipped } from "./shipped-plugins.ts";

const byPosition = "random numbers are drawn row after row: a row's draw depends on its position in the batch";
const drawsWhileTraining = { draws: true, skip: { "routes each row by itself while training": byPosition } };
/** Where a draw has an expert of its own too. */
const drawsByExpert: RouterConformanceOptions = {
  draws: true,
  skip: {
    ...drawsWhileTraining.skip,
    "follows its parameters while training when the experts change places":
      "an expert's random numbers stay where they are when its parameters move",
  },
};

const traits: Readonly<Record<string, RouterConformanceOptions>> = {
  "noisy-top-e": drawsByExpert,
  stochastic: drawsByExpert,
  random: {
    draws: true,
    skip: { ...drawsWhileTraining.skip, "routes each row by itself, also when it is the only one": byPosition },
  },
};

await testShipped("router", (plugin, options) => routerConformance(plugin, { options, ...traits[plugin.name] }), {
  switch: [
    {},
    { experts: 1 },
    { experts: 7, bias: "separate" },
    { experts: 3, gate: "heaviside", bias: "none" },
    { experts: 5, shared: 2 },
  ],
  "top-e": [
    {},
    { experts: 2, e: 2 },
    { experts: 5, e: 3, bias: "none" },
    { experts: 3, e: 1, gate: "heaviside" },
    { experts: 5, e: 2, shared: 1, gate: "softmax-all", scores: "linear" },
  ],
  "noisy-top-e": [
    {},
    { experts: 1, e: 1 },
    { experts: 5, e: 1, gate: "softmax-all", bias: "separate" },
    { experts: 5, e: 2, shared: 2, bias: "none" },
    { experts: 3, e: 3, gate: "heaviside" },
  ],
  stochastic: [{}, { experts: 1 }, { experts: 3, gate: "heaviside" }, { experts: 5, shared: 2, bias: "separate" }],
  random: [{}, { experts: 1 }, { experts: 7 }],
  hash: [{}, { experts: 1 }, { experts: 30 }],
});
