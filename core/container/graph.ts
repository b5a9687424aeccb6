/**
 * Follows every dependency before anything is built, and reports all that is wrong at once: services that nobody
 * provides, circles with their whole path, and services of the sweep that need one of a single run.
 */
import { nearestName } from "../errors/nearest-name.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type { ServiceRef } from "../plugin/service.ts";
import { dependenciesOf, labelOf, type Binding } from "./binding.ts";

export interface GraphProblem {
  readonly problem: "not provided" | "cycle" | "wrong scope" | "bound twice";
  /** "source/gpt2 needs core.tokenizer", or the path of a circle. */
  readonly text: string;
  /** Config position of the binding that asked. */
  readonly where: string | undefined;
}

/** What a parent scope offers to the graph of its child. */
export interface GraphParent {
  /** Whether a binding for the id exists in it or above. */
  provides(id: string): boolean;
  /** Ids that it provides, for suggestions. */
  ids(): readonly string[];
}

/** @throws SwitchyardError CONTAINER_GRAPH listing every problem with the config line that asked. */
export function checkGraph(bindings: readonly Binding[], parent?: GraphParent): void {
  const problems = graphProblems(bindings, parent);
  if (problems.length === 0) return;
  const width = Math.max(...problems.map((found) => found.text.length));
  const lines = problems.map((found) => {
    const where = found.where === undefined ? "" : `  ${found.where}`;
    return `    ${found.text.padEnd(width)}  (${found.problem})${where}`;
  });
  throw new SwitchyardError("CONTAINER_GRAPH", `Cannot build the container:\n${lines.join("\n")}`, {
    expected: "every dependency provided, without circles, and none of a sweep's service on a run's",
    received: problems.length === 1 ? "1 problem" : `${problems.length} problems`,
    next: "Correct the dependencies of the plugins listed, or what the config names there.",
  });
}

/** All problems, in the order of the bindings; circles last. */
export function graphProblems(bindings: readonly Binding[], parent?: GraphParent): readonly GraphProblem[] {
  const byId = new Map<string, Binding>();
  const problems: GraphProblem[] = [];
  for (const binding of bindings) {
    const other = byId.get(binding.ref.id);
    if (other === undefined) {
      byId.set(binding.ref.id, binding);
    } else {
      problems.push(problemOf(binding, "bound twice", `${binding.ref.id} is provided by ${names(other, binding)}`));
    }
  }
  const known = [...byId.keys(), ...(parent?.ids() ?? [])];
  for (const binding of bindings) {
    for (const ref of dependenciesOf(binding)) problems.push(...dependencyProblems(binding, ref, byId, known, parent));
  }
  return [...problems, ...cycles(byId)];
}

function dependencyProblems(
  binding: Binding,
  ref: ServiceRef<unknown>,
  byId: ReadonlyMap<string, Binding>,
  known: readonly string[],
  parent: GraphParent | undefined,
): readonly GraphProblem[] {
  const needs = `${labelOf(binding)} needs ${ref.id}`;
  if (binding.ref.scope === "sweep" && ref.scope === "run") {
    return [problemOf(binding, "wrong scope", `${needs}: a sweep's service cannot need a run's`)];
  }
  if (byId.has(ref.id) || ref.provide !== undefined || parent?.provides(ref.id) === true) return [];
  const near = nearestName(ref.id, known);
  return [problemOf(binding, "not provided", near === undefined ? needs : `${needs}; did you mean ${near}?`)];
}

/** Each circle once, starting from the member that comes first in the bindings. */
function cycles(byId: ReadonlyMap<string, Binding>): readonly GraphProblem[] {
  const finished = new Set<string>();
  const found: GraphProblem[] = [];
  const visit = (id: string, path: readonly string[]): void => {
    const binding = byId.get(id);
    if (binding === undefined || finished.has(id)) return;
    if (path.includes(id)) {
      const circle = [...path.slice(path.indexOf(id)), id];
      const labels = circle.map((member) => labelOfId(byId, member));
      found.push(problemOf(byId.get(id) ?? binding, "cycle", labels.join(" -> ")));
      return;
    }
    for (const ref of dependenciesOf(binding)) visit(ref.id, [...path, id]);
    finished.add(id);
  };
  for (const id of byId.keys()) visit(id, []);
  return found;
}

function labelOfId(byId: ReadonlyMap<string, Binding>, id: string): string {
  const binding = byId.get(id);
  return binding === undefined ? id : labelOf(binding);
}

function names(first: Binding, second: Binding): string {
  return `${labelOf(first)} and by ${labelOf(second)}`;
}

function problemOf(binding: Binding, problem: GraphProblem["problem"], text: string): GraphProblem {
  return { problem, text, where: binding.where };
}
