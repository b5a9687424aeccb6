import fc from "fast-check";
import * as assert from "uvu/assert";
import { bindFactory, bindValue, type Binding } from "../../../core/container/binding.ts";
import { checkGraph, graphProblems } from "../../../core/container/graph.ts";
import { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { defineService, type DependencyRefs } from "../../../core/plugin/service.ts";
import { suite } from "../../suite.ts";

const sweepRef = (id: string) => defineService<string>(id, "sweep");
const runRef = (id: string) => defineService<string>(id, "run");

/** A factory that must not be called while a graph is checked. */
function untouched(id: string, deps: DependencyRefs, where?: string): Binding {
  const create = (): never => {
    throw new Error("built during the check");
  };
  return bindFactory(runRef(id), where === undefined ? { deps, create } : { deps, create, where });
}

suite("graph check", (test) => {
  test("accepts a graph whose dependencies are all provided", () => {
    const bindings = [bindValue(sweepRef("a"), "a"), untouched("b", { a: sweepRef("a") })];
    assert.equal(graphProblems(bindings), []);
    checkGraph(bindings);
  });

  test("lists a missing service, a circle and a wrong scope together, each with its config line", () => {
    const bindings: Binding[] = [
      bindFactory(sweepRef("core.source"), {
        label: "source/openwebtext",
        deps: { tokenizer: sweepRef("core.tokenizer"), rng: runRef("core.rng") },
        create: () => "",
        where: "sweep.yaml:4:9",
      }),
      untouched("core.checkpoints", { clock: runRef("core.clock") }, "sweep.yaml:9:3"),
      untouched("core.clock", { checkpoints: runRef("core.checkpoints") }),
      bindValue(runRef("core.rng"), ""),
    ];
    assert.throws(
      () => {
        checkGraph(bindings);
      },
      (error: unknown) => {
        assert.instance(error, SwitchyardError);
        assert.is((error as SwitchyardError).code, "CONTAINER_GRAPH");
        assert.is(
          (error as SwitchyardError).summary,
          [
            "Cannot build the container:",
            "    source/openwebtext needs core.tokenizer                                        (not provided)  sweep.yaml:4:9",
            "    source/openwebtext needs core.rng: a sweep's service cannot need a run's       (wrong scope)  sweep.yaml:4:9",
            "    core.checkpoints -> core.clock -> core.checkpoints                             (cycle)  sweep.yaml:9:3",
          ]
            .map((line, index) => (index === 0 ? line : realign(line)))
            .join("\n"),
        );
        return true;
      },
    );
  });

  test("suggests the nearest provided service for a misspelt one", () => {
    const problems = graphProblems([
      bindValue(sweepRef("core.kernels"), ""),
      untouched("x", { k: runRef("core.kernel") }),
    ]);
    assert.equal(
      problems.map(({ text }) => text),
      ["x needs core.kernel; did you mean core.kernels?"],
    );
  });

  test("reports a service that depends on itself", () => {
    assert.equal(
      graphProblems([untouched("a", { a: runRef("a") })]).map(({ text }) => text),
      ["a -> a"],
    );
  });

  test("reports two circles that share a service, each once", () => {
    const problems = graphProblems([
      untouched("a", { b: runRef("b") }),
      untouched("b", { a: runRef("a"), c: runRef("c") }),
      untouched("c", { b: runRef("b") }),
    ]);
    assert.equal(
      problems.map(({ text }) => text),
      ["a -> b -> a", "b -> c -> b"],
    );
  });

  test("reports a service that two bindings provide", () => {
    const problems = graphProblems([bindValue(sweepRef("a"), "1"), bindValue(sweepRef("a"), "2", "x.yaml:1:1")]);
    assert.equal(problems, [{ problem: "bound twice", text: "a is provided by a and by a", where: "x.yaml:1:1" }]);
  });

  test("takes what a parent provides, and references that bring their own factory", () => {
    const parent = { provides: (id: string) => id === "core.device", ids: () => ["core.device"] };
    const own = defineService("mine", "run", () => 1);
    assert.equal(graphProblems([untouched("x", { device: sweepRef("core.device"), own })], parent), []);
    assert.is(graphProblems([untouched("x", { device: sweepRef("core.device") })]).length, 1);
  });

  test("finds a circle exactly when the graph has one, for random graphs", () => {
    const graphs = fc.array(fc.array(fc.nat(7), { maxLength: 3 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(graphs, (edges) => {
        const links = edges.map((targets) => targets.filter((target) => target < edges.length));
        const bindings = links.map((targets, from) =>
          untouched(`s${from}`, Object.fromEntries(targets.map((to) => [`d${to}`, runRef(`s${to}`)]))),
        );
        const reported = graphProblems(bindings).some(({ problem }) => problem === "cycle");
        assert.is(reported, hasCircle(links));
      }),
      { seed: 7, numRuns: 300 },
    );
  });
});

/** Kahn's algorithm: what cannot be removed without predecessors lies on or behind a circle. */
function hasCircle(links: readonly (readonly number[])[]): boolean {
  const left = new Set(links.keys());
  for (let removed = true; removed;) {
    removed = false;
    for (const node of left) {
      if (links[node]!.every((target) => !left.has(target))) removed = left.delete(node);
    }
  }
  return left.size > 0;
}

/** Pads the first column as the message does: to its longest entry. */
function realign(line: string): string {
  const match = /^ {4}(.*?) {2,}(\(.*)$/.exec(line)!;
  return `    ${match[1]!.padEnd("source/openwebtext needs core.rng: a sweep's service cannot need a run's".length)}  ${match[2]!}`;
}
