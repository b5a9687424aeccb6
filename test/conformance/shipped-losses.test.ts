import type { AnyPlugin } from "../../core/plugin/define-plugin.ts";
import { lossConformance } from "./loss.ts";
import { testShipped } from "./shipped-plugins.ts";

const repeated = "is the same for a batch repeated twice: a mean over rows, not a sum";
/** They read what only some experts say of their code. */
const ofTraits = ["l0", "gate-reconstruction"];

const constants: Readonly<Record<string, readonly ("reconstruction" | "decoder")[]>> = {
  "gate-reconstruction": ["decoder"],
  "aux-k": ["reconstruction"],
};

const cases = (plugin: AnyPlugin, options: Readonly<Record<string, unknown>>) => {
  const isPublished = options["form"] === "as-published";
  return lossConformance(plugin, {
    options,
    traits: ofTraits.includes(plugin.name),
    ...(isPublished ? {} : { constants: constants[plugin.name] ?? [] }),
    skip: isPublished
      ? { [repeated]: "the published form divides by a sum over the batch, so it halves when the batch doubles" }
      : {},
  });
};

await testShipped("loss", cases, {
  "load-balance": [{}, { form: "gshard" }, { warmupSteps: 4, decayStart: 0.5 }],
  importance: [{ weight: 0.1 }],
  "router-z": [{ weight: 0.001 }],
  "decoder-orthogonality": [
    { weight: 1 },
    { weight: 1, rowsPerExpert: 2 },
    { weight: 1, rowsPerExpert: 3, margin: 0.2 },
  ],
  "aux-k": [{}, { k: 2 }, { form: "as-published" }],
  l0: [{}, { target: 3 }],
  reconstruction: [{}, { form: "mean" }, { form: "normalised" }],
  l1: [
    { weight: 0.5, warmupSteps: 10 },
    { weight: 1, decoderNormWeighted: false },
  ],
});
