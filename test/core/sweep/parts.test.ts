/** The parts that a plan is made of, each by itself: axes, patterns, facts, checks of the shape, the problem log. */
import * as assert from "uvu/assert";
import { fromPlain } from "../../../core/config/node.ts";
import { fileText, placeOf, startOf } from "../../../core/config/positions.ts";
import type { Diagnostic } from "../../../core/config/diagnostic.ts";
import { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import type { ModelShape } from "../../../core/model/contracts.ts";
import type { AnyPlugin } from "../../../core/plugin/define-plugin.ts";
import { createFactsAsker } from "../../../core/sweep/ask-facts.ts";
import { readAxis } from "../../../core/sweep/axis.ts";
import { matches } from "../../../core/sweep/patterns.ts";
import { ProblemLog } from "../../../core/sweep/problem-log.ts";
import { diagnosticOf, shapeOf, sparsityProblem } from "../../../core/sweep/shape-problems.ts";
import { readSweepBlock } from "../../../core/sweep/sweep-block.ts";
import { suite } from "../../suite.ts";
import { compose, fakePlugin, marks, paths, resolve, smallest } from "../config/fixtures.ts";

const span = startOf(fileText("a.yaml", "x"));

suite("axes", (test) => {
  const valuesOf = (value: unknown): readonly unknown[] | string => {
    const axis = readAxis("a.b", fromPlain(value), span);
    return "values" in axis
      ? axis.values.map((node) => (node.kind === "scalar" ? node.value : node.kind))
      : axis.problem.message;
  };

  test("take lists of anything", () => {
    assert.equal(valuesOf([1, "x", null, { type: "y" }, [1]]), [1, "x", null, "map", "list"]);
  });

  test("take spaced numbers and range calls", () => {
    assert.equal(valuesOf({ min: 1, max: 3, num: 3 }), [1, 2, 3]);
    assert.equal(valuesOf({ min: 1, max: 100, num: 3, scale: "log" }), [1, 10, 100]);
    assert.equal(valuesOf("range(2)"), [0, 1]);
  });

  test("say what they cannot take", () => {
    assert.is(valuesOf(3), "An axis needs a list of values.");
    assert.is(valuesOf([]), "The axis a.b has no value.");
    assert.is(valuesOf({ min: 1, maxx: 2 }), 'An axis written as a map has min, max, num and scale, and no "maxx".');
    assert.is(valuesOf({ min: 1, max: "2", num: 3 }), "An axis written as a map needs the numbers min, max and num.");
    assert.is(valuesOf(Array.from({ length: 10_001 }, () => 1)), "An axis has 10000 values at most.");
  });

  test("explain a range that a comma cut", () => {
    const axis = readAxis("a", fromPlain("range(0"), span);
    assert.ok("problem" in axis);
    assert.is(axis.problem.next, 'inside { } a comma ends the value: quote it, "range(0,3)"');
  });
});

suite("exclude patterns", (test) => {
  const doesMatch = async (pattern: string, axes: Readonly<Record<string, unknown>>): Promise<boolean> => {
    const composition = await compose(`${smallest}sweep: { exclude: [${pattern}] }\n`);
    const [first] = readSweepBlock(composition).exclude;
    return matches(
      first!,
      Object.entries(axes).map(([path, value]) => ({ path, value })),
      composition,
    );
  };

  test("need every value", async () => {
    assert.ok(await doesMatch("{ a: 1, b: x }", { a: 1, b: "x", c: 2 }));
    assert.not(await doesMatch("{ a: 1, b: x }", { a: 1, b: "y" }));
    assert.not(await doesMatch("{ a: 1 }", { a: "1" }), "text is no number");
  });

  test("look into plugins and name them", async () => {
    const axes = { "model.router": { type: "switch", experts: 4 } };
    assert.ok(await doesMatch("{ model.router: switch }", axes));
    assert.ok(await doesMatch("{ model.router.experts: 4 }", axes));
    assert.ok(await doesMatch("{ model.router: { experts: 4 } }", axes));
    assert.ok(await doesMatch("{ model.router: { type: none } }", { "model.router": "none" }));
    assert.ok(await doesMatch("{ model.router.type: none }", { "model.router": "none" }));
    assert.not(await doesMatch("{ model.router: { experts: 8 } }", axes));
    assert.not(await doesMatch("{ model.router.gate: x }", axes));
  });

  test("an inner axis hides what an outer one says", async () => {
    const axes = { "model.router": { type: "switch", experts: 4 }, "model.router.experts": 8 };
    assert.ok(await doesMatch("{ model.router.experts: 8 }", axes));
    assert.not(await doesMatch("{ model.router.experts: 4 }", axes));
  });

  test("a list means any of its values, or itself", async () => {
    assert.ok(await doesMatch("{ a: [1, 2] }", { a: 2 }));
    assert.ok(await doesMatch("{ a: [1, 2] }", { a: [1, 2] }));
    assert.not(await doesMatch("{ a: [1, 2] }", { a: [2, 1] }));
  });

  test("see the config behind the axes", async () => {
    assert.ok(await doesMatch("{ model.features: 256, model.expert.k: 8 }", {}));
    assert.not(await doesMatch("{ model.nothing: 1 }", {}));
  });
});

suite("asking for facts", (test) => {
  const askerOf = (facts: (options: Record<string, unknown>) => unknown) => {
    const calls: unknown[] = [];
    const plugin = fakePlugin("router", "r", undefined, (options) => {
      calls.push(options);
      return facts(options);
    });
    return { calls, asker: createFactsAsker({ load: () => Promise.resolve(plugin) }, paths) };
  };

  test("hands over the options without the type, once for equal options", async () => {
    const { calls, asker } = askerOf(() => ({ numExperts: 2, numSelected: 1 }));
    const first = await asker.ask("router", { type: "r", a: 1, b: 2 });
    const second = await asker.ask("router", { b: 2, a: 1, type: "r" });
    assert.equal(first, { facts: { numExperts: 2, numSelected: 1 } });
    assert.is(second, first);
    assert.equal(calls, [{ a: 1, b: 2 }]);
  });

  test("waits for facts that take time", async () => {
    const { asker } = askerOf(() => Promise.resolve({ numExperts: 3, numSelected: 3 }));
    assert.equal(await asker.ask("router", { type: "r" }), { facts: { numExperts: 3, numSelected: 3 } });
  });

  test("takes a device without facts for one that is no GPU, and refuses facts of another form", async () => {
    const { kind, name, version, summary, options, create } = fakePlugin("device", "d");
    const device: AnyPlugin = { kind, name, version, summary, options, create };
    const asker = (plugin: AnyPlugin): ReturnType<typeof createFactsAsker> =>
      createFactsAsker({ load: () => Promise.resolve(plugin) }, paths);
    assert.equal(await asker(device).ask("device", { type: "d" }), { facts: { usesGpu: false } });
    const wrong = await asker({ ...device, facts: () => ({ usesGpu: "yes" }) }).ask("device", { type: "d" });
    assert.is("error" in wrong && wrong.error.code, "PLUGIN_INVALID");
  });

  test("answers with an error instead of throwing", async () => {
    const codeOf = async (facts: () => unknown): Promise<string> => {
      const answer = await askerOf(facts).asker.ask("router", { type: "r" });
      return "error" in answer ? answer.error.code : "fine";
    };
    const raise = (error: Error) => () => {
      throw error;
    };
    assert.is(await codeOf(raise(new TypeError("x"))), "PLUGIN_FACTS_FAILED");
    assert.is(await codeOf(raise(new SwitchyardError("FILE_MISSING", "x"))), "FILE_MISSING");
    for (const wrong of [
      undefined,
      null,
      3,
      {},
      { numExperts: 1 },
      { numExperts: 1.5, numSelected: 1 },
      { numExperts: 0, numSelected: 0 },
    ]) {
      assert.is(await codeOf(() => wrong), "PLUGIN_INVALID", JSON.stringify(wrong));
    }
  });
});

suite("checks of the shape", (test) => {
  const shape: ModelShape = {
    width: 8,
    features: 64,
    experts: 4,
    featuresPerExpert: 16,
    selectedExperts: 2,
    sharedExperts: 0,
  };

  test("the shape follows from width, features and router", async () => {
    assert.equal(shapeOf(await resolve(smallest), 8, { numExperts: 4, numSelected: 2 }), {
      ...shape,
      features: 256,
      featuresPerExpert: 64,
    });
  });

  test("the limit of k is the features of all experts that a row sees", async () => {
    const run = await resolve(smallest);
    const codeAt = (activeFeatures: number | undefined): string | undefined =>
      sparsityProblem(run, shape, activeFeatures === undefined ? {} : { activeFeatures })?.code;
    assert.equal([undefined, 1, 31, 32, 33].map(codeAt), [
      undefined,
      undefined,
      undefined,
      "K_NOT_SPARSE",
      "K_TOO_LARGE",
    ]);
  });

  test("explains the limit by its arithmetic", async () => {
    const run = await resolve(smallest);
    assert.is(
      sparsityProblem(run, shape, { activeFeatures: 40 })?.expected,
      "at most 32 (2 experts of 64 features / 4 experts = 16)",
    );
    const dense = { ...shape, experts: 1, featuresPerExpert: 64, selectedExperts: 1, sharedExperts: 0 };
    assert.is(sparsityProblem(run, dense, { activeFeatures: 65 })?.expected, "at most 64 (all 64 features)");
  });

  test("points at the option that holds the number", async () => {
    const run = await resolve(smallest);
    assert.equal(marks([sparsityProblem(run, shape, { activeFeatures: 8000 })!]), ["K_TOO_LARGE exp.yaml:4:19"]);
    const eight = { ...shape, featuresPerExpert: 2, features: 8, selectedExperts: 1, sharedExperts: 0 };
    assert.equal(marks([sparsityProblem(run, eight, { activeFeatures: 8 })!]), ["K_TOO_LARGE exp.yaml:4:29"]);
  });

  test("an error that names a config path is placed there, another one where it was asked", async () => {
    const run = await resolve(smallest);
    const at = (where?: string): string =>
      marks([
        diagnosticOf(new SwitchyardError("FILE_MISSING", "x", where === undefined ? {} : { where }), run, "source"),
      ])[0]!;
    assert.is(at("model.features"), "FILE_MISSING exp.yaml:3:13");
    assert.is(at("/some/file"), "FILE_MISSING exp.yaml:1:9");
    assert.is(at(), "FILE_MISSING exp.yaml:1:9");
  });
});

suite("problem log", (test) => {
  const problem = (message: string, path = "p"): Diagnostic => ({
    code: "WRONG_TYPE",
    severity: "error",
    message,
    where: placeOf(span),
    sourceLine: "x",
    path,
  });

  test("a problem of every run is told once, without runs", () => {
    const log = new ProblemLog(2);
    log.add("a", [problem("m")]);
    log.add("b", [problem("m")]);
    assert.equal(log.diagnostics(), [problem("m")]);
  });

  test("a problem of some runs names them; the first message stands for all", () => {
    const log = new ProblemLog(3);
    log.add("a", [problem("1")]);
    log.add("b", []);
    log.add("c", [problem("2"), problem("3", "q")]);
    assert.equal(
      log.diagnostics().map(({ message, runs }) => [message, runs]),
      [
        ["1", ["a", "c"]],
        ["3", ["c"]],
      ],
    );
  });

  test("two problems of one run at one place count the run once", () => {
    const log = new ProblemLog(2);
    log.add("a", [problem("1"), problem("2")]);
    assert.equal(
      log.diagnostics().map(({ runs }) => runs),
      [["a"]],
    );
  });
});
