import fc from "fast-check";
import Type from "typebox";
import * as assert from "uvu/assert";
import { buildConfigSchema, type ConfigSchema } from "../../../core/config/config-schema.ts";
import { resolveRun } from "../../../core/config/resolve-run.ts";
import type { AnyPlugin } from "../../../core/plugin/define-plugin.ts";
import { canonicalJson, Identifier, usedPlugins } from "../../../core/sweep/identity.ts";
import { suite } from "../../suite.ts";
import { compose, fakePlugin, plugins, schema, smallest } from "../config/fixtures.ts";

interface IdOptions {
  readonly words?: readonly string[];
  readonly fingerprint?: string;
  readonly with?: ConfigSchema;
  readonly file?: string;
}

async function idOf(text: string, options: IdOptions = {}): Promise<string> {
  const known = options.with ?? schema;
  const { config } = resolveRun(
    await compose(text, { words: options.words ?? [], file: options.file ?? "exp.yaml" }),
    [],
    known,
  );
  return new Identifier(known).idOf(config, usedPlugins(config, known), options.fingerprint ?? "f");
}

function replacing(plugin: AnyPlugin): ConfigSchema {
  return buildConfigSchema([
    ...plugins.filter(({ kind, name }) => kind !== plugin.kind || name !== plugin.name),
    plugin,
  ]);
}

suite("run identity", (test) => {
  test("is twelve hex digits, always the same", async () => {
    const id = await idOf(smallest);
    assert.match(id, /^[0-9a-f]{12}$/);
    assert.is(await idOf(smallest), id);
  });

  test("an option left out is the option at its default", async () => {
    const id = await idOf(smallest);
    for (const word of [
      "training.steps=1000",
      "seed=0",
      "model.router=none",
      "model.router={type: none, experts: 1}",
      "training.optimizer.learningRate=2e-4",
      "training.optimizer={type: adam, betas: [0.9, 0.999]}",
      "losses=[reconstruction]",
      "source.width=64",
      "training.gradientClip=1.0",
      "training.steps=${500 * 2}",
    ]) {
      assert.is(await idOf(smallest, { words: [word] }), id, word);
    }
  });

  test("the order of keys, the file and where values were written do not matter", async () => {
    const other = "model: { expert: { k: 8, type: top-k }, features: 256 }\nsource: { type: numbers }\n";
    assert.is(await idOf(other, { file: "other.yaml" }), await idOf(smallest));
  });

  test("what changes no result changes no id", async () => {
    const id = await idOf(smallest);
    for (const word of [
      "name=other",
      "device=cpu",
      "executor=in-process",
      "executor.workers=4",
      "trackers=[csv]",
      "report.plots=[]",
      "training.checkpointEvery=7",
      "training.logEvery=7",
      "source.path=elsewhere",
      "plugins=[./mine.ts]",
    ]) {
      assert.is(await idOf(smallest, { words: [word] }), id, word);
    }
  });

  test("what changes a result changes the id, each differently", async () => {
    const words = [
      "seed=1",
      "model.features=512",
      "model.expert.k=4",
      "model.expert=relu",
      "model.router={type: switch, experts: 1}",
      "model.encoderBias=true",
      "losses=[load-balance]",
      "losses=[reconstruction, load-balance]",
      "losses=[load-balance, reconstruction]",
      "training.steps=999",
      "training.batchSize=512",
      "training.gradientClip=null",
      "training.optimizer.learningRate=1e-4",
      "training.schedule=linear-decay",
      "source.width=32",
      "source.texts=[a]",
    ];
    const ids = await Promise.all(words.map((word) => idOf(smallest, { words: [word] })));
    assert.is(new Set([await idOf(smallest), ...ids]).size, words.length + 1);
  });

  test("what is measured afterwards does not change it", async () => {
    const id = await idOf(smallest);
    assert.is(await idOf(smallest, { words: ["evaluation.rows=100"] }), id);
    assert.is(await idOf(smallest, { words: ["evaluation.evaluators=[cost]"] }), id);
  });

  test("the source's fingerprint is part of it", async () => {
    assert.is.not(await idOf(smallest, { fingerprint: "g" }), await idOf(smallest));
  });

  test("the version of a plugin that computes is part of it, of others not", async () => {
    const id = await idOf(smallest);
    const topK = plugins.find(({ name }) => name === "top-k")!;
    assert.is.not(await idOf(smallest, { with: replacing({ ...topK, version: "2" }) }), id);
    const csv = { ...fakePlugin("device", "auto"), version: "2" };
    assert.is(await idOf(smallest, { with: replacing(csv) }), id);
    const relu = plugins.find(({ name }) => name === "relu")!;
    assert.is(
      await idOf(smallest, { with: replacing({ ...relu, version: "2" }) }),
      id,
      "an unused plugin is not part of it",
    );
  });

  test("a new option gives new ids, unless it is marked to count only when it is not the default", async () => {
    const relu = smallest.replace("top-k, k: 8", "relu");
    const id = await idOf(relu);
    const withOption = (extra: Record<string, unknown>): ConfigSchema =>
      replacing(fakePlugin("expert", "relu", Type.Object({ slope: Type.Number({ default: 0, ...extra }) })));
    assert.is.not(await idOf(relu, { with: withOption({}) }), id);
    assert.is(await idOf(relu, { with: withOption({ "x-hash": "unless-default" }) }), id);
    assert.is(await idOf(relu, { with: withOption({ "x-hash": false }) }), id);
    const leaky = { words: ["model.expert.slope=0.1"] };
    assert.is.not(await idOf(relu, { ...leaky, with: withOption({ "x-hash": "unless-default" }) }), id);
    assert.is(await idOf(relu, { ...leaky, with: withOption({ "x-hash": false }) }), id);
  });

  test("lists the plugins of a run once each", async () => {
    const { config } = resolveRun(
      await compose(`${smallest}losses: [load-balance, { type: load-balance, weight: 2 }]\n`),
      [],
      schema,
    );
    const used = usedPlugins(config, schema).map(({ kind, name, version }) => `${kind}/${name}@${version}`);
    assert.is(used.filter((name) => name === "loss/load-balance@1").length, 1);
    assert.ok(used.includes("source/numbers@1") && used.includes("plot/mse-l0@1"));
  });

  test("canonical JSON sorts keys at every level and is JSON", () => {
    assert.is(canonicalJson({ b: [{ d: 1, c: "x" }], a: null }), '{"a":null,"b":[{"c":"x","d":1}]}');
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        assert.equal(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
