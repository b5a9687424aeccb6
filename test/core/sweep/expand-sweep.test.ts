import fc from "fast-check";
import * as assert from "uvu/assert";
import { expandSweep, expandWithWarnings } from "../../../core/sweep/expand-sweep.ts";
import { suite } from "../../suite.ts";
import { compose, diagnosticsOf, marks, smallest } from "../config/fixtures.ts";

/** Each run as "path=value ..." in the order of the sweep. */
async function runsOf(sweep: string): Promise<readonly string[]> {
  const points = expandSweep(await compose(`${smallest}sweep:\n${sweep}`));
  return points.map(({ axes }) => axes.map(({ path, value }) => `${path}=${JSON.stringify(value)}`).join(" "));
}

async function slugsOf(sweep: string): Promise<readonly string[]> {
  return expandSweep(await compose(`${smallest}sweep:\n${sweep}`)).map(({ slug }) => slug);
}

async function refusal(sweep: string): Promise<readonly string[]> {
  const composition = await compose(`${smallest}sweep: ${sweep}\n`);
  return marks(await diagnosticsOf(Promise.resolve().then(() => expandSweep(composition))));
}

suite("expand sweep", (test) => {
  test("a config without a sweep is one run", async () => {
    const points = expandSweep(await compose(smallest));
    assert.equal(points, [{ axes: [], slug: "exp" }]);
    assert.is(expandSweep(await compose(`${smallest}sweep: {}\n`)).length, 1);
    assert.is(expandSweep(await compose(`${smallest}sweep:\n`)).length, 1);
  });

  test("a grid is every combination, the last axis fastest", async () => {
    assert.equal(await runsOf("  grid: { a: [1, 2], b: [x, y, z] }\n"), [
      'a=1 b="x"',
      'a=1 b="y"',
      'a=1 b="z"',
      'a=2 b="x"',
      'a=2 b="y"',
      'a=2 b="z"',
    ]);
  });

  test("null unsets an axis, or a part of the block, that a base brought in", async () => {
    assert.equal(await runsOf("  grid: { a: null, b: [1, 2] }\n  seeds: null\n  exclude: null\n"), ["b=1", "b=2"]);
  });

  test("axes of a zip move together, crossed with the grid and with other zips", async () => {
    const sweep = "  grid: { a: [1, 2] }\n  zip:\n    - { b: [1, 2], c: [10, 20] }\n    - { d: [5] }\n";
    assert.equal(await runsOf(sweep), ["a=1 b=1 c=10 d=5", "a=1 b=2 c=20 d=5", "a=2 b=1 c=10 d=5", "a=2 b=2 c=20 d=5"]);
  });

  test("seeds are replicates of every run, and move fastest", async () => {
    assert.equal(await runsOf("  grid: { a: [1, 2] }\n  seeds: 2\n"), [
      "a=1 seed=0",
      "a=1 seed=1",
      "a=2 seed=0",
      "a=2 seed=1",
    ]);
    assert.equal(await runsOf("  seeds: [7, 3]\n"), ["seed=7", "seed=3"]);
    assert.equal(await runsOf("  seeds: range(2,4)\n"), ["seed=2", "seed=3"]);
  });

  test("axes may be spaced numbers or ranges", async () => {
    assert.equal(await runsOf("  grid: { a: { min: 1e-5, max: 1e-3, num: 3, scale: log } }\n"), [
      "a=0.00001",
      "a=0.0001",
      "a=0.001",
    ]);
    assert.equal(await runsOf("  grid: { a: { min: 0, max: 1, num: 3 } }\n"), ["a=0", "a=0.5", "a=1"]);
    assert.equal(await runsOf("  grid: { a: 'range(0,3)' }\n"), ["a=0", "a=1", "a=2"]);
  });

  test("exclude leaves out what matches all of a pattern", async () => {
    const grid = "  grid: { a: [1, 2], b: [1, 2] }\n";
    assert.equal(await runsOf(`${grid}  exclude: [{ a: 1, b: 2 }]\n`), ["a=1 b=1", "a=2 b=1", "a=2 b=2"]);
    assert.equal(await runsOf(`${grid}  exclude: [{ a: 1 }, { b: 2 }]\n`), ["a=2 b=1"]);
    assert.equal(await runsOf(`${grid}  exclude: [{ a: [1, 2], b: 1 }]\n`), ["a=1 b=2", "a=2 b=2"]);
  });

  test("exclude sees into plugins that an axis sets as a whole, and the config behind the axes", async () => {
    const grid = "  grid: { model.router: [none, { type: switch, experts: 2 }, { type: switch, experts: 4 }] }\n";
    const last = 'model.router={"type":"switch","experts":4}';
    assert.equal(await runsOf(`${grid}  exclude: [{ model.router.experts: 2 }, { model.router: none }]\n`), [last]);
    assert.equal(await runsOf(`${grid}  exclude: [{ model.router.type: none }, { model.router: { experts: 2 } }]\n`), [
      last,
    ]);
    assert.is((await runsOf(`${grid}  exclude: [{ model.router: switch, model.features: 256 }]\n`)).length, 1);
    assert.is((await runsOf(`${grid}  exclude: [{ model.router: switch, model.features: 257 }]\n`)).length, 3);
  });

  test("a pattern that matches nothing is warned about, at the pattern", async () => {
    const { warnings } = expandWithWarnings(
      await compose(`${smallest}sweep: { grid: { a: [1, 2] }, exclude: [{ a: 3 }] }\n`),
    );
    assert.equal(marks(warnings), ["SWEEP_EXCLUDE_UNUSED exp.yaml:5:41"]);
    assert.is(warnings[0]?.severity, "warning");
  });

  test("include adds runs, with the sweep's seeds unless they name their own", async () => {
    assert.equal(await runsOf("  grid: { a: [1] }\n  include: [{ a: 5, b: 6 }, { a: 7, seed: 9 }]\n  seeds: 2\n"), [
      "a=1 seed=0",
      "a=1 seed=1",
      "a=5 b=6 seed=0",
      "a=5 b=6 seed=1",
      "a=7 seed=9",
    ]);
    assert.equal(await runsOf("  include: [{ a: 5 }]\n"), ["a=5"]);
  });

  test("names runs by what the sweep varies", async () => {
    assert.equal(
      await slugsOf(
        "  grid: { model.router: [none, { type: switch, experts: 8 }], model.expert.k: [16] }\n  seeds: 2\n",
      ),
      [
        "router=none-k=16-seed=0",
        "router=none-k=16-seed=1",
        "router=switch-experts=8-k=16-seed=0",
        "router=switch-experts=8-k=16-seed=1",
      ],
    );
  });

  test("as many runs as the product of the lengths, all different", async () => {
    const length = fc.integer({ min: 1, max: 4 });
    await fc.assert(
      fc.asyncProperty(fc.array(length, { minLength: 1, maxLength: 4 }), length, async (lengths, seeds) => {
        const grid = lengths
          .map((n, i) => `axis${i}: [${Array.from({ length: n }, (_, v) => v).join(", ")}]`)
          .join(", ");
        const points = expandSweep(await compose(`${smallest}sweep: { grid: { ${grid} }, seeds: ${seeds} }\n`));
        const expected = lengths.reduce((product, n) => product * n, seeds);
        assert.is(points.length, expected);
        assert.is(new Set(points.map(({ slug }) => slug)).size, expected);
      }),
      { numRuns: 40 },
    );
  });

  const refused: readonly (readonly [string, string, readonly string[]])[] = [
    ["no map", "[1, 2]", ["SWEEP_SYNTAX exp.yaml:5:8"]],
    ["an unknown key", "{ gird: { a: [1] } }", ["UNKNOWN_KEY exp.yaml:5:10"]],
    ["an axis outside the grid", "{ model.expert.k: [1] }", ["UNKNOWN_KEY exp.yaml:5:10"]],
    ["an axis that is no list", "{ grid: { a: 1 } }", ["SWEEP_SYNTAX exp.yaml:5:21"]],
    ["an empty axis", "{ grid: { a: [] } }", ["SWEEP_EMPTY_AXIS exp.yaml:5:21"]],
    ["an empty range", "{ grid: { a: 'range(3,1)' } }", ["SWEEP_EMPTY_AXIS exp.yaml:5:21"]],
    ["a wrong range", "{ grid: { a: 'range(x)' } }", ["SWEEP_SYNTAX exp.yaml:5:21"]],
    ["nested paths", "{ grid: { model: { k: [1] } } }", ["SWEEP_SYNTAX exp.yaml:5:27"]],
    ["half a spacing", "{ grid: { a: { min: 1, max: 2 } } }", ["SWEEP_SYNTAX exp.yaml:5:21"]],
    ["an unknown scale", "{ grid: { a: { min: 1, max: 2, num: 3, scale: ln } } }", ["SWEEP_SYNTAX exp.yaml:5:21"]],
    ["a logarithm of zero", "{ grid: { a: { min: 0, max: 2, num: 3, scale: log } } }", ["SWEEP_SYNTAX exp.yaml:5:21"]],
    ["a path that is none", "{ grid: { a..b: [1] } }", ["SWEEP_SYNTAX exp.yaml:5:18"]],
    ["a grid that is a list", "{ grid: [1] }", ["SWEEP_SYNTAX exp.yaml:5:16"]],
    ["unequal zips", "{ zip: [{ a: [1], b: [1, 2] }] }", ["SWEEP_UNEQUAL_ZIP exp.yaml:5:26"]],
    ["an axis twice", "{ grid: { a: [1] }, zip: [{ a: [1] }] }", ["SWEEP_DUPLICATE_AXIS exp.yaml:5:36"]],
    ["seeds twice", "{ grid: { seed: [1] }, seeds: 2 }", ["SWEEP_DUPLICATE_AXIS exp.yaml:5:31"]],
    ["no seeds", "{ seeds: 0 }", ["SWEEP_SYNTAX exp.yaml:5:17"]],
    ["half a seed", "{ seeds: 1.5 }", ["SWEEP_SYNTAX exp.yaml:5:17"]],
    ["an empty list of seeds", "{ seeds: [] }", ["SWEEP_EMPTY_AXIS exp.yaml:5:17"]],
    ["another match", "{ match: flop }", ["SWEEP_SYNTAX exp.yaml:5:17"]],
    ["an exclude that is no map", "{ grid: { a: [1] }, exclude: [a] }", ["SWEEP_SYNTAX exp.yaml:5:38"]],
    ["an exclude of everything", "{ grid: { a: [1, 2] }, exclude: [{ a: [1, 2] }] }", ["SWEEP_NO_RUNS exp.yaml:5:41"]],
    [
      "too many runs",
      "{ grid: { a: range(1000), b: range(1000) } }".replaceAll(/range\(1000\)/g, "'range(1000)'"),
      ["SWEEP_TOO_LARGE exp.yaml:5:8"],
    ],
    ["too many values", "{ grid: { a: 'range(1000000)' } }", ["SWEEP_SYNTAX exp.yaml:5:21"]],
  ];
  for (const [name, sweep, expected] of refused) {
    test(`refuses ${name}`, async () => {
      assert.equal(await refusal(sweep), expected);
    });
  }

  test("reports all problems of a sweep at once, with the nearest names", async () => {
    const composition = await compose(
      `${smallest}sweep: { gird: {}, seeds: x, match: flop, zip: [{ a: [1], b: [] }] }\n`,
    );
    const found = await diagnosticsOf(Promise.resolve().then(() => expandSweep(composition)));
    assert.equal(found.map(({ suggestions }) => suggestions?.[0]).filter(Boolean), ["grid", "flops"]);
    assert.is(found.length, 4);
  });

  test("axes from the command line are axes like any other", async () => {
    const composition = await compose(smallest, { words: ["model.expert.k=1,2", "seed=range(0,2)"] });
    assert.equal(
      expandSweep(composition).map(({ slug }) => slug),
      ["k=1-seed=0", "k=1-seed=1", "k=2-seed=0", "k=2-seed=1"],
    );
  });
});
