import { evaluatorConformance } from "./evaluator.ts";
import { testShipped } from "./shipped-plugins.ts";

const perBatch = "ev-legacy and fvu-batch take the mean of each batch, as the libraries do that they are compared with";

/** Why a case does not apply to a plugin under some options. */
function skipsOf(name: string, options: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  if (name !== "reconstruction" || options["compat"] !== true) return {};
  return {
    "gives the same metrics however the rows are split into batches": perBatch,
    "gives the same metrics whatever the order of the rows": perBatch,
  };
}

await testShipped(
  "evaluator",
  (plugin, options) => evaluatorConformance(plugin, { options, skip: skipsOf(plugin.name, options) }),
  {
    reconstruction: [{}, { withoutFirst: true }, { compat: true, withoutFirst: true }],
    duplication: [{}, { threshold: 0.5, thresholds: [] }],
  },
);
