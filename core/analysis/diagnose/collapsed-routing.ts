/** Nearly all rows go to the same experts: the others learn nothing, and the SAE is as small as one of them. */
import { clear, seen } from "./contracts.ts";
import type { Signature } from "./contracts.ts";
import { balancingChanges, routingBalance } from "./routing-balance.ts";

const thresholds = {
  "least-balance": {
    value: 0.3,
    why: "without a load-balance loss the paper's 16 and 32 experts keep a balance of about 0.45 and 0.3 (E sum f P of 2.0 and 3.1), with 4,107 and 3,497 dead features of 24,576; below that most experts idle",
  },
} as const;

export const collapsedRouting: Signature = {
  name: "collapsed-routing",
  title: "Collapsed routing",
  thresholds,
  look: ({ run }) => {
    const found = routingBalance(run);
    if ("kind" in found) return found;
    const { balance, effectiveExperts, maxLoad } = found;
    if (balance >= thresholds["least-balance"].value) return clear;
    return seen({
      severity: "problem",
      summary: `${run.shape.experts} experts do the work of ${effectiveExperts.toPrecision(3)}: the busiest gets ${maxLoad.toPrecision(3)} times its share.`,
      numbers: { balance, "effective-experts": effectiveExperts, "max-load": maxLoad },
      changes: balancingChanges(run),
    });
  },
};
