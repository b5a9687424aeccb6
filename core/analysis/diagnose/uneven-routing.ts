/** Some experts get many more rows than others: part of the dictionary idles, part of it is crowded. */
import { clear, seen } from "./contracts.ts";
import type { Signature } from "./contracts.ts";
import { collapsedRouting } from "./collapsed-routing.ts";
import { balancingChanges, routingBalance } from "./routing-balance.ts";

const thresholds = {
  "least-balance": {
    value: 0.8,
    why: "the paper's routers at load-balance weight 1 and above have E sum f P of 1.00 to 1.02, a balance near 1; at weight 0.3 (1.16 to 1.21) MSE is still 1 to 2 % worse",
  },
} as const;

export const unevenRouting: Signature = {
  name: "uneven-routing",
  title: "Uneven routing",
  thresholds,
  look: (diagnosed, sweep) => {
    const found = routingBalance(diagnosed.run);
    if ("kind" in found) return found;
    // The worse signature says it already.
    if (collapsedRouting.look(diagnosed, sweep).kind === "seen") return clear;
    const { balance, effectiveExperts, maxLoad } = found;
    if (balance >= thresholds["least-balance"].value) return clear;
    const { experts } = diagnosed.run.shape;
    return seen({
      severity: "warning",
      summary: `${experts} experts do the work of ${effectiveExperts.toPrecision(3)}: the busiest gets ${maxLoad.toPrecision(3)} times its share.`,
      numbers: { balance, "effective-experts": effectiveExperts, "max-load": maxLoad },
      changes: balancingChanges(diagnosed.run),
    });
  },
};
