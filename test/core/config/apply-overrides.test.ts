import * as assert from "uvu/assert";
import { toPlain } from "../../../core/config/node.ts";
import { suite } from "../../suite.ts";
import { compose, diagnosticsOf, marks, resolve, smallest } from "./fixtures.ts";

const text = `seed: 0
source: numbers
model: { features: 256, router: { type: top-e, experts: 8, e: 3 }, expert: { type: top-k, k: 8 } }
losses: [reconstruction, { type: load-balance, weight: 3 }]
sweep: { grid: { model.expert.k: [4, 8] }, seeds: 2 }
`;

async function rootWith(...words: readonly string[]): Promise<Record<string, unknown>> {
  return toPlain((await compose(text, { words })).root) as Record<string, unknown>;
}

async function sweepWith(...words: readonly string[]): Promise<unknown> {
  const { sweep } = await compose(text, { words });
  return sweep === undefined ? undefined : toPlain(sweep.value);
}

async function refusals(...words: readonly string[]): Promise<readonly string[]> {
  return marks(await diagnosticsOf(compose(text, { words })));
}

suite("overrides", (test) => {
  test("set what the file wrote, and what only the schema knows", async () => {
    const { config } = await resolve(smallest, {
      words: ["model.features=512", "training.steps=7", "training.optimizer.learningRate=1e-3"],
    });
    assert.is(config.model.features, 512);
    assert.is(config.training.steps, 7);
    assert.is(config.training.optimizer["learningRate"], 1e-3);
  });

  test("a map on the right replaces the whole value", async () => {
    const { model } = (await rootWith("model.router={type: top-e, experts: 2}")) as { model: { router: unknown } };
    assert.equal(model.router, { type: "top-e", experts: 2 });
  });

  test("a short plugin name replaces the plugin and its options", async () => {
    const { model } = (await rootWith("model.router=switch")) as { model: { router: unknown } };
    assert.equal(model.router, { type: "switch" });
  });

  test("another type clears the options of the old one, the same type keeps them", async () => {
    const router = async (word: string): Promise<unknown> =>
      ((await rootWith(word)) as { model: { router: unknown } }).model.router;
    assert.equal(await router("model.router.type=switch"), { type: "switch" });
    assert.equal(await router("model.router.type=top-e"), { type: "top-e", experts: 8, e: 3 });
  });

  test("the plugin is chosen first, in whatever order the words stand", async () => {
    const expected = { type: "switch", experts: 4 };
    for (const words of [
      ["model.router=switch", "model.router.experts=4"],
      ["model.router.experts=4", "model.router=switch"],
      ["model.router.experts=4", "model.router.type=switch"],
    ]) {
      assert.equal(
        ((await rootWith(...words)) as { model: { router: unknown } }).model.router,
        expected,
        words.join(" "),
      );
    }
  });

  test("of two words for one path the later wins", async () => {
    assert.is((await rootWith("seed=1", "seed=2"))["seed"], 2);
  });

  test("items of lists are named by position or by type", async () => {
    const expected = [{ type: "reconstruction" }, { type: "load-balance", weight: 5 }];
    assert.equal((await rootWith("losses.1.weight=5"))["losses"], expected);
    assert.equal((await rootWith("losses.load-balance.weight=5"))["losses"], expected);
    assert.equal((await rootWith("losses.0.weight=2"))["losses"], [
      { type: "reconstruction", weight: 2 },
      { type: "load-balance", weight: 3 },
    ]);
    assert.equal((await rootWith("losses.1=reconstruction"))["losses"], [
      { type: "reconstruction" },
      { type: "reconstruction" },
    ]);
  });

  test("+ adds, ++ sets in either case, ~ drops", async () => {
    assert.is((await rootWith("+training.steps=3"))["training"] !== undefined, true);
    assert.is((await rootWith("++seed=3"))["seed"], 3);
    assert.is((await rootWith("++name=x"))["name"], "x");
    assert.not("losses" in (await rootWith("~losses")));
    assert.equal((await rootWith("~losses.1"))["losses"], [{ type: "reconstruction" }]);
    assert.equal((await rootWith("~losses.load-balance.weight"))["losses"], [
      { type: "reconstruction" },
      { type: "load-balance" },
    ]);
  });

  test("an axis joins the grid or replaces its axis; seeds are an axis too", async () => {
    assert.equal(await sweepWith("model.features=256,512"), {
      grid: { "model.expert.k": [4, 8], "model.features": [256, 512] },
      seeds: 2,
    });
    assert.equal(await sweepWith("model.expert.k=range(1,4)"), { grid: { "model.expert.k": [1, 2, 3] }, seeds: 2 });
    assert.equal(await sweepWith("seed=5,6"), { grid: { "model.expert.k": [4, 8] }, seeds: [5, 6] });
  });

  test("an axis makes a sweep where there was none", async () => {
    const { sweep } = await compose(smallest, { words: ["model.expert.k=1,2"] });
    assert.equal(sweep === undefined ? undefined : toPlain(sweep.value), { grid: { "model.expert.k": [1, 2] } });
  });

  test("one value for a swept path pins its axis", async () => {
    assert.equal(await sweepWith("model.expert.k=4"), { grid: { "model.expert.k": [4] }, seeds: 2 });
    assert.equal(await sweepWith("seed=7"), { grid: { "model.expert.k": [4, 8] }, seeds: [7] });
  });

  test("the sweep itself can be changed and dropped", async () => {
    assert.is(await sweepWith("~sweep"), undefined);
    assert.is(await sweepWith("sweep=null"), undefined);
    assert.equal(await sweepWith("sweep.match=flops"), {
      grid: { "model.expert.k": [4, 8] },
      seeds: 2,
      match: "flops",
    });
    assert.equal(await sweepWith("sweep.grid.model.features=[1,2]"), {
      grid: { "model.expert.k": [4, 8], "model.features": [1, 2] },
      seeds: 2,
    });
    assert.equal(await sweepWith("~sweep.grid.model.expert.k"), { grid: {}, seeds: 2 });
  });

  test("refuses with the word and the spot", async () => {
    assert.equal(await refusals("+seed=1"), ["OVERRIDE_EXISTS word 0:1"]);
    assert.equal(await refusals("~nothing"), ["OVERRIDE_NOTHING_TO_DROP word 0:2"]);
    assert.equal(await refusals("~model.rooter.e"), ["OVERRIDE_NOTHING_TO_DROP word 0:8"]);
    assert.equal(await refusals("losses.2.weight=1"), ["OVERRIDE_PATH word 0:8"]);
    assert.equal(await refusals("losses.l1.weight=1"), ["OVERRIDE_PATH word 0:8"]);
    assert.equal(await refusals("seed.x=1"), ["OVERRIDE_PATH word 0:6"]);
    assert.equal(await refusals("extends=x.yaml"), ["OVERRIDE_PATH word 0:1"]);
    assert.equal(await refusals("trackers.0.x=1"), ["OVERRIDE_PATH word 0:1"]);
    assert.equal(await refusals("seed=1", "what", "+seed=2"), ["OVERRIDE_SYNTAX word 1:1", "OVERRIDE_EXISTS word 2:1"]);
  });

  test("an unknown path is refused by the schema, at the segment that is wrong", async () => {
    const marked = async (...words: readonly string[]): Promise<readonly string[]> =>
      marks(await diagnosticsOf(resolve(smallest, { words })));
    assert.equal(await marked("model.featurs=3"), ["UNKNOWN_KEY word 0:7"]);
    assert.equal(await marked("seed=1", "mdl.features=3"), ["UNKNOWN_KEY word 1:1"]);
    assert.equal(await marked("+new.key=3"), ["UNKNOWN_KEY word 0:2"]);
    assert.equal(await marked("model.expert.kk=3"), ["UNKNOWN_KEY word 0:14"]);
  });

  test("says which value a word replaced", async () => {
    const [found] = await diagnosticsOf(resolve(text, { words: ["model.features=many"] }));
    assert.equal(found?.related, [
      {
        message: "replaces the value from",
        where: { file: "exp.yaml", line: 3, column: 20, endLine: 3, endColumn: 23 },
      },
    ]);
  });
});
