/** Checks of a run's numbers against what its plugins promise, placed at the config line that should change. */
import { diagnosticAt, type Diagnostic } from "../config/diagnostic.ts";
import type { ResolvedRun } from "../config/resolve-run.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type { ExpertFacts, ModelShape, RouterFacts } from "../model/contracts.ts";
import { createModelShape } from "../model/model-shape.ts";

/** @returns The shape of the run's model, or why it cannot have one. */
export function shapeOf(run: ResolvedRun, width: number, router: RouterFacts): ModelShape | Diagnostic {
  try {
    return createModelShape({ width, features: run.config.model.features, router });
  } catch (error) {
    if (error instanceof SwitchyardError) return diagnosticOf(error, run, "model");
    throw error;
  }
}

/** k against the features that a row sees: more cannot be, as many is no sparsity. */
export function sparsityProblem(run: ResolvedRun, shape: ModelShape, facts: ExpertFacts): Diagnostic | undefined {
  const seen = shape.selectedExperts * shape.featuresPerExpert;
  const activeFeatures = facts.activeFeatures ?? facts.meanActiveFeatures;
  if (activeFeatures === undefined || activeFeatures < seen) return undefined;
  const { expert } = run.config.model;
  const option = Object.keys(expert).find((key) => expert[key] === activeFeatures) ?? "type";
  const path = `model.expert.${option}`;
  const sees = describeSeen(shape);
  if (activeFeatures === seen) {
    const message = `All ${seen} features that a row sees may be active: nothing is sparse.`;
    const expected = `less than ${seen} (${sees})`;
    return diagnosticAt(run, path, {
      code: "K_NOT_SPARSE",
      severity: "warning",
      message,
      expected,
      received: String(activeFeatures),
    });
  }
  return diagnosticAt(run, path, {
    code: "K_TOO_LARGE",
    message: `${activeFeatures} features cannot be active where a row sees only ${seen}.`,
    expected: `at most ${seen} (${sees})`,
    received: String(activeFeatures),
    next: "lower it, raise model.features, or use fewer experts",
  });
}

/** An error of a plugin or of the model room, at the config path that it names, or at `path`. */
export function diagnosticOf(error: SwitchyardError, run: ResolvedRun, path: string): Diagnostic {
  const { code, summary: message, expected, received, next, where } = error;
  const isPath = where !== undefined && /^(model|source|training|evaluation)(\.\w+)*$/.test(where);
  // The config line is where it was asked for; the file or shard that is at fault must be named as well.
  const named = where === undefined || isPath ? message : `${where}: ${message}`;
  return diagnosticAt(run, isPath ? where : path, { code, message: named, expected, received, next });
}

function describeSeen({ features, experts, featuresPerExpert, selectedExperts }: ModelShape): string {
  if (experts === 1) return `all ${features} features`;
  const block = `${features} features / ${experts} experts = ${featuresPerExpert}`;
  return selectedExperts === 1 ? block : `${selectedExperts} experts of ${block}`;
}
