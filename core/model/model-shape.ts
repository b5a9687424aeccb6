/** The shape of a model, from the width of its activations, its features and what its router promises. */
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type { ModelShape, RouterFacts } from "./contracts.ts";

export interface ModelShapeInput {
  /** D */
  readonly width: number;
  /** F over all experts */
  readonly features: number;
  readonly router: RouterFacts;
}

/**
 * @throws SwitchyardError FEATURES_NOT_DIVISIBLE when F is no multiple of E; SELECTED_EXPERTS_TOO_LARGE when R > E.
 * @example createModelShape({ width: 768, features: 24576, router: { numExperts: 16, numSelected: 1 } });
 */
export function createModelShape({ width, features, router }: ModelShapeInput): ModelShape {
  const { numExperts, numSelected, numShared = 0 } = router;
  if (features % numExperts !== 0) {
    const below = Math.floor(features / numExperts) * numExperts;
    const nearest = below === 0 ? `${numExperts}` : `${below} or ${below + numExperts}`;
    throw new SwitchyardError(
      "FEATURES_NOT_DIVISIBLE",
      `${features} features cannot be shared by ${numExperts} experts.`,
      {
        where: "model.features",
        expected: `a multiple of ${numExperts}, such as ${nearest}`,
        received: `${features}`,
        next: "change model.features or the router's number of experts",
      },
    );
  }
  if (numSelected > numExperts) {
    throw new SwitchyardError(
      "SELECTED_EXPERTS_TOO_LARGE",
      `A row cannot be routed to ${numSelected} of ${numExperts} experts.`,
      {
        where: "model.router",
        expected: `at most ${numExperts} selected experts`,
        received: `${numSelected}`,
        next: "lower the number of selected experts or raise the number of experts",
      },
    );
  }
  return {
    width,
    features,
    experts: numExperts,
    featuresPerExpert: features / numExperts,
    selectedExperts: numSelected,
    sharedExperts: numShared,
  };
}
