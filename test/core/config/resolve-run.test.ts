import * as assert from "uvu/assert";
import Type from "typebox";
import { buildConfigSchema } from "../../../core/config/config-schema.ts";
import { diagnosticAt } from "../../../core/config/diagnostic.ts";
import { createResolver, resolveRun } from "../../../core/config/resolve-run.ts";
import { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { suite } from "../../suite.ts";
import { compose, diagnosticsOf, fakePlugin, marks, plugins, resolve, schema, smallest } from "./fixtures.ts";

const refusal = async (text: string): Promise<readonly string[]> => marks(await diagnosticsOf(resolve(text)));

suite("resolve run", (test) => {
  test("fills every default", async () => {
    const { config } = await resolve(smallest);
    assert.equal(config, {
      name: "exp",
      seed: 0,
      plugins: [],
      device: { type: "auto" },
      source: { type: "numbers", width: 64, path: "here", texts: [] },
      model: {
        features: 256,
        router: { type: "none", experts: 1 },
        expert: { type: "top-k", k: 8 },
        encoderBias: false,
        subtractDecoderBias: true,
        initialisation: "uniform",
        decoderNorm: 1,
        decoderBias: "geometric-median",
        normaliseActivations: "none",
      },
      losses: [{ type: "reconstruction", weight: 1 }],
      training: {
        steps: 1000,
        batchSize: 1024,
        shuffleRows: 65536,
        gradientClip: 1,
        deadAfterRows: 10_000_000,
        resampleEvery: null,
        resampleUntil: 0.5,
        optimizer: { type: "adam", learningRate: 2e-4, betas: [0.9, 0.999] },
        schedule: { type: "constant" },
        checkpointEvery: 500,
        logEvery: 10,
      },
      evaluation: {
        rows: 8192,
        batchSize: 1024,
        evaluators: ["reconstruction", "sparsity", "routing", "duplication", "cost"].map((type) => ({ type })),
      },
      executor: { type: "local", workers: 1 },
      trackers: [],
      report: {
        plots: ["loss-curves", "mse-l0", "mse-flops", "mse-seconds", "expert-load", "duplication"].map((type) => ({
          type,
        })),
      },
    });
  });

  test("freezes all of it", async () => {
    const { config } = await resolve(smallest);
    assert.ok(Object.isFrozen(config) && Object.isFrozen(config.model.router) && Object.isFrozen(config.losses));
  });

  test("two runs never share a default that could be changed", async () => {
    const [a, b] = [await resolve(smallest), await resolve(smallest)];
    assert.is.not(a.config.training.optimizer["betas"], b.config.training.optimizer["betas"]);
    assert.not(Object.isFrozen(schema.core["properties"]), "the schema itself stays as it is");
  });

  test("options without a type belong to the plugin that is the default", async () => {
    const { training } = (await resolve(`${smallest}training: { optimizer: { learningRate: 1e-3 } }\n`)).config;
    assert.equal(training.optimizer, { type: "adam", learningRate: 1e-3, betas: [0.9, 0.999] });
  });

  test("says where every value came from", async () => {
    const composition = await compose(`extends: base.yaml\n${smallest}`, {
      words: ["training.steps=5"],
      env: { N: "3" },
      files: { "base.yaml": "seed: ${env:N}\nlosses: [reconstruction]\n" },
    });
    const { sources } = resolveRun(composition, [{ path: "model.expert.k", value: 4 }], schema);
    assert.equal(sources.get("model.features"), { origin: "exp.yaml", line: 4, column: 13 });
    assert.equal(sources.get("seed"), { origin: "base.yaml", line: 1, column: 7 });
    assert.equal(sources.get("losses.0.type"), { origin: "base.yaml", line: 2, column: 10 });
    assert.equal(sources.get("training.steps"), { origin: "command line", word: "training.steps=5" });
    assert.equal(sources.get("training.batchSize"), { origin: "default" });
    assert.equal(sources.get("model.expert.k"), { origin: "sweep", word: "model.expert.k" });
    assert.equal(sources.get("model.expert.type"), { origin: "exp.yaml", line: 5, column: 19 });
    assert.equal(sources.get("trackers"), { origin: "default" });
    assert.is(sources.get("model"), undefined, "only leaves have a source");
  });

  test("what a map's interpolation brought came from the interpolation", async () => {
    const { sources } = await resolve(`${smallest}losses: [load-balance, "\${losses.0}"]\n`);
    assert.equal(sources.get("losses.1.weight"), { origin: "exp.yaml", line: 5, column: 24 });
  });

  test("assigns outer paths before inner ones, and types before options", async () => {
    const composition = await compose(smallest);
    const { model } = resolveRun(
      composition,
      [
        { path: "model.router.experts", value: 4 },
        { path: "model.router.type", value: "switch" },
        { path: "model", value: { features: 64, expert: "relu" } },
      ],
      schema,
    ).config;
    assert.equal(
      [model.features, model.router, model.expert],
      [64, { type: "switch", experts: 4, gate: "softmax" }, { type: "relu" }],
    );
  });

  test("an assignment leaves the composition as it was", async () => {
    const composition = await compose(smallest);
    resolveRun(composition, [{ path: "model.features", value: 64 }], schema);
    assert.is(resolveRun(composition, [], schema).config.model.features, 256);
  });

  test("a resolver gives the same as resolving each run alone, whatever came before", async () => {
    const composition = await compose(
      `${smallest}losses: [load-balance, reconstruction]\ntraining: { optimizer: { learningRate: "\${1 / model.features}" } }\nevaluation: { evaluators: &same [duplication] }\nreport: { plots: *same }\n`,
    );
    const assignments = [
      [],
      [{ path: "model.features", value: 64 }],
      [{ path: "model.router", value: { type: "switch", experts: 2 } }],
      [{ path: "losses.0.weight", value: 9 }],
      [{ path: "model.expert", value: "relu" }],
      [{ path: "losses", value: ["reconstruction"] }],
      [],
    ];
    const together = createResolver(composition, schema);
    for (const assignment of assignments) {
      const [a, b] = [together(assignment), resolveRun(composition, assignment, schema)];
      assert.equal(a.config, b.config);
      assert.equal([...a.sources], [...b.sources]);
    }
  });

  test("a run that is refused leaves nothing behind in the resolver", async () => {
    const together = createResolver(await compose(smallest), schema);
    assert.throws(() => together([{ path: "model.expert.k", value: "many" }]));
    assert.throws(() => together([{ path: "model.expert.k", value: "many" }]));
    assert.is(together([]).config.model.expert["k"], 8);
  });

  test("an assignment that cannot be set says why", async () => {
    const composition = await compose(smallest);
    assert.throws(
      () => resolveRun(composition, [{ path: "model.features.x", value: 1 }], schema),
      (error: Error) => error.message.includes("model.features is 256, so model.features.x cannot be set."),
    );
  });

  test("locates values, and the nearest written thing around defaults", async () => {
    const run = await resolve(smallest);
    const at = (path: string): string => marks([diagnosticAt(run, path, { code: "VALUE_INVALID", message: "x" })])[0]!;
    assert.is(at("model.features"), "VALUE_INVALID exp.yaml:3:13");
    assert.is(at("model.encoderBias"), "VALUE_INVALID exp.yaml:2:1");
    assert.is(at("model.expert.nothing"), "VALUE_INVALID exp.yaml:4:3");
    assert.is(at("training.steps"), "VALUE_INVALID exp.yaml:1:1");
    assert.equal(run.place("source"), { file: "exp.yaml", line: 1, column: 9, endLine: 1, endColumn: 16 });
  });
});

suite("validation", (test) => {
  const refused: readonly (readonly [string, string, readonly string[]])[] = [
    ["an unknown key at the key", `${smallest}stepz: 3\n`, ["UNKNOWN_KEY exp.yaml:5:1"]],
    ["an unknown option at its key", smallest.replace("k: 8", "k: 8, kk: 9"), ["UNKNOWN_KEY exp.yaml:4:32"]],
    ["a missing section at the top", "source: numbers\n", ["MISSING_KEY exp.yaml:1:1", "MISSING_KEY exp.yaml:1:1"]],
    ["a missing option at its plugin", smallest.replace(", k: 8", ""), ["MISSING_KEY exp.yaml:4:3"]],
    ["an unknown plugin at its name", smallest.replace("numbers", "nmbers"), ["PLUGIN_UNKNOWN exp.yaml:1:9"]],
    ["an unknown plugin in a list", `${smallest}losses:\n  - recon\n`, ["PLUGIN_UNKNOWN exp.yaml:6:5"]],
    ["a plugin that is a number", `${smallest}device: 3\n`, ["WRONG_TYPE exp.yaml:5:9"]],
    ["a type that is a number", `${smallest}device: { type: 3 }\n`, ["WRONG_TYPE exp.yaml:5:17"]],
    ["a plugin without a type", `${smallest}losses: [{ weight: 3 }]\n`, ["MISSING_KEY exp.yaml:5:10"]],
    ["one plugin where a list is expected", `${smallest}losses: reconstruction\n`, ["WRONG_TYPE exp.yaml:5:9"]],
    ["text for a number", `${smallest}seed: one\n`, ["WRONG_TYPE exp.yaml:5:7"]],
    ["a fraction for a count", `${smallest}seed: 1.5\n`, ["WRONG_TYPE exp.yaml:5:7"]],
    ["not a number", `${smallest}seed: .nan\n`, ["WRONG_TYPE exp.yaml:5:7"]],
    ["a number below its minimum", `${smallest}training: { steps: 0 }\n`, ["VALUE_OUT_OF_RANGE exp.yaml:5:20"]],
    [
      "a value outside a set",
      smallest.replace("features: 256", "features: 256\n  decoderBias: median"),
      ["VALUE_NOT_ALLOWED exp.yaml:4:16"],
    ],
    [
      "a constant of a plugin",
      smallest.replace("features: 256", "features: 256\n  router: { type: none, experts: 2 }"),
      ["VALUE_NOT_ALLOWED exp.yaml:4:34"],
    ],
    [
      "a list that is too short",
      `${smallest}training: { optimizer: { type: adam, betas: [0.9] } }\n`,
      ["VALUE_INVALID exp.yaml:5:45"],
    ],
    [
      "an item of a list",
      `${smallest}training: { optimizer: { type: adam, betas: [0.9, 2] } }\n`,
      ["VALUE_OUT_OF_RANGE exp.yaml:5:51"],
    ],
    ["a name that is no folder", `${smallest}name: a/b\n`, ["VALUE_INVALID exp.yaml:5:7"]],
    ["a section that is a list", `${smallest}training: [1]\n`, ["WRONG_TYPE exp.yaml:5:11"]],
    [
      "a number below an alternative's bound, once",
      `${smallest}training: { gradientClip: -1 }\n`,
      ["VALUE_OUT_OF_RANGE exp.yaml:5:27"],
    ],
    [
      "text where an alternative has none, once",
      `${smallest}training: { gradientClip: off }\n`,
      ["WRONG_TYPE exp.yaml:5:27"],
    ],
    ["a key in a value's place", `${smallest}seed: { a: 1 }\n`, ["WRONG_TYPE exp.yaml:5:7"]],
  ];
  for (const [name, text, expected] of refused) {
    test(`refuses ${name}`, async () => {
      assert.equal(await refusal(text), expected);
    });
  }

  const only = async (text: string) => {
    const found = await diagnosticsOf(resolve(text));
    assert.is(found.length, 1);
    return found[0]!;
  };

  test("reports everything at once, without repeating a cause", async () => {
    const text = "source: nmbers\nmodel: { feature: 256, expert: { type: top-k, k: x } }\nseed: y\nnothing: 1\n";
    assert.equal((await refusal(text)).toSorted(), [
      "PLUGIN_UNKNOWN exp.yaml:1:9",
      "UNKNOWN_KEY exp.yaml:2:10",
      "UNKNOWN_KEY exp.yaml:4:1",
      "WRONG_TYPE exp.yaml:2:50",
      "WRONG_TYPE exp.yaml:3:7",
    ]);
  });

  test("knows keys that stand elsewhere", async () => {
    assert.equal((await only(`${smallest}learningRate: 1\n`)).suggestions, ["training.optimizer.learningRate"]);
    assert.equal((await only(`${smallest}steps: 1\n`)).suggestions, ["training.steps"]);
    assert.is((await only(`${smallest}relu: {}\n`)).next, '"relu" is an expert: write it at model.expert');
    assert.is(
      (await only(smallest.replace("top-k, k: 8", "relu, k: 8"))).next,
      '"k" is an option of the expert "top-k"',
    );
  });

  test("lists what there is when nothing is near", async () => {
    const found = await only(smallest.replace("numbers", "zzz"));
    assert.is(found.expected, "one of: numbers");
    assert.is(found.suggestions, undefined);
    assert.is(found.next, 'a plugin of your own must be listed under "plugins"');
  });

  test("advises on values that look right", async () => {
    assert.is((await only(`${smallest}seed: "8"\n`)).next, "remove the quotes: 8");
    assert.is((await only(`${smallest}seed: 1_0\n`)).next, "write 10");
    assert.is((await only(smallest.replace("features: 256", "features: 256\n  encoderBias: yes"))).next, "write true");
  });

  test("says which base a wrong value replaced", async () => {
    const found = await diagnosticsOf(
      resolve("extends: base.yaml\nseed: x\n", { files: { "base.yaml": `${smallest}seed: 4\n` } }),
    );
    assert.equal(
      found[0]?.related?.map(({ where }) => where),
      [{ file: "base.yaml", line: 5, column: 7, endLine: 5, endColumn: 8 }],
    );
  });

  test("a plugin whose options are no schema is named", async () => {
    const broken = fakePlugin("tracker", "broken", Type.Object({ a: Type.Unsafe({ type: "nonsense" }) }));
    const withBroken = buildConfigSchema([...plugins, broken]);
    const composition = await compose(`${smallest}trackers: [broken]\n`);
    try {
      resolveRun(composition, [], withBroken);
      assert.unreachable();
    } catch (error) {
      assert.ok(error instanceof SwitchyardError);
      assert.is(error.code, "PLUGIN_SCHEMA_INVALID");
      assert.is(error.where, "options of the plugin tracker/broken");
    }
  });

  test("a default that is an interpolation is resolved like a written one", async () => {
    const scaled = fakePlugin(
      "schedule",
      "scaled",
      Type.Object({ rate: Type.Number({ default: "${2 * model.features}" }) }),
    );
    const composition = await compose(`${smallest}training: { schedule: scaled }\n`);
    const { training } = resolveRun(composition, [], buildConfigSchema([...plugins, scaled])).config;
    assert.equal(training.schedule, { type: "scaled", rate: 512 });
  });
});
