/** Every failure signature, in the order in which findings of one severity are told. */
import { clippedGradient } from "./clipped-gradient.ts";
import { collapsedRouting } from "./collapsed-routing.ts";
import type { Signature } from "./contracts.ts";
import { deadExperts } from "./dead-experts.ts";
import { deadFeatures } from "./dead-features.ts";
import { divergedLoss } from "./diverged-loss.ts";
import { duplicateFeatures } from "./duplicate-features.ts";
import { l0BelowK } from "./l0-below-k.ts";
import { poorReconstruction } from "./poor-reconstruction.ts";
import { shortTraining } from "./short-training.ts";
import { stalledLoss } from "./stalled-loss.ts";
import { unboundK } from "./unbound-k.ts";
import { unevenRouting } from "./uneven-routing.ts";

export const signatures: readonly Signature[] = [
  divergedLoss,
  stalledLoss,
  collapsedRouting,
  deadExperts,
  deadFeatures,
  poorReconstruction,
  unboundK,
  l0BelowK,
  unevenRouting,
  duplicateFeatures,
  shortTraining,
  clippedGradient,
];
