import fc from "fast-check";
import * as assert from "uvu/assert";
import { slugOf, uniqueSlugs } from "../../../core/sweep/slug.ts";
import { suite } from "../../suite.ts";

const one = (path: string, value: unknown): string => slugOf([{ path, value }], "none");

suite("slugs", (test) => {
  test("are the last word of the path and the value", () => {
    assert.is(one("model.expert.k", 32), "k=32");
    assert.is(one("seed", 1), "seed=1");
    assert.is(one("model.encoderBias", true), "encoderBias=true");
    assert.is(one("training.gradientClip", null), "gradientClip=null");
  });

  test("spell plugins with their options", () => {
    assert.is(one("model.router", "none"), "router=none");
    assert.is(one("model.router", { type: "switch", experts: 8 }), "router=switch-experts=8");
    assert.is(one("model.router", { type: "top-e", experts: 8, e: 2 }), "router=top-e-experts=8-e=2");
    assert.is(
      one("losses", [{ type: "reconstruction" }, { type: "l1", weight: 3 }]),
      "losses=reconstruction+l1-weight=3",
    );
    assert.is(one("trackers", []), "trackers=none");
  });

  test("keep numbers short", () => {
    assert.is(one("training.optimizer.learningRate", 1e-4), "learningRate=0.0001");
    assert.is(one("training.optimizer.learningRate", 0.00016329931618554521), "learningRate=0.000163299");
    assert.is(one("x", 1e-9), "x=1e-9");
    assert.is(one("model.features", 131072), "features=131072");
    assert.is(one("x", -0.5), "x=-0.5");
  });

  test("name files by their last part", () => {
    assert.is(one("source.model", "data/tiny-gpt2"), "model=tiny-gpt2");
    assert.is(one("source.path", "C:\\data\\acts.npy"), "path=acts.npy");
  });

  test("use as much of a path as tells it from the others", () => {
    const both = slugOf(
      [
        { path: "losses.1.weight", value: 3 },
        { path: "losses.2.weight", value: 4 },
      ],
      "",
    );
    assert.is(both, "losses.1.weight=3-losses.2.weight=4");
    const experts = slugOf(
      [
        { path: "model.router.experts", value: 3 },
        { path: "source.experts", value: 4 },
      ],
      "",
    );
    assert.is(experts, "router.experts=3-source.experts=4");
    assert.is(one("model.router.type", "switch"), "router.type=switch");
  });

  test("a run without axes has the given name", () => {
    assert.is(slugOf([], "quickstart"), "quickstart");
    assert.is(slugOf([], "a/b c"), "a_b_c");
  });

  test("do not depend on the values of other runs", () => {
    assert.is(one("seed", 0), one("seed", 0));
  });

  test("long ones are cut, and still tell runs apart", () => {
    const long = (end: string): string => one("source.text", `${"word ".repeat(40)}${end}`);
    assert.ok(long("a").length <= 96);
    assert.is.not(long("a"), long("b"));
  });

  test("whatever the value, a slug is a file name of one segment in every system", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 20 }), fc.jsonValue({ maxDepth: 2 }), (path, value) => {
        const slug = one(path, value);
        assert.match(slug, /^[A-Za-z0-9._=+-]+$/);
        assert.ok(slug.length <= 96 && !slug.startsWith(".") && !slug.startsWith("-"), slug);
      }),
      { numRuns: 500, seed: 3 },
    );
  });

  test("equal ones are numbered in order, also where only case differs", () => {
    assert.equal(uniqueSlugs(["a", "b", "a", "A", "a"]), ["a", "b", "a-2", "A-3", "a-4"]);
    assert.equal(uniqueSlugs(["a", "a-2", "a"]), ["a", "a-2", "a-3"]);
  });
});
