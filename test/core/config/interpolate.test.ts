import * as assert from "uvu/assert";
import type { RunConfig } from "../../../core/config/config.ts";
import { suite } from "../../suite.ts";
import { diagnosticsOf, marks, resolve, smallest, type MemoryOptions } from "./fixtures.ts";

async function configOf(extra: string, options: MemoryOptions = {}): Promise<RunConfig> {
  return (await resolve(smallest + extra, options)).config;
}

/** The training steps that a config with this text for them comes to. */
async function steps(value: string, options: MemoryOptions = {}): Promise<number> {
  return (await configOf(`training: { batchSize: 64, steps: "${value}" }\n`, options)).training.steps;
}

async function refusal(extra: string, options: MemoryOptions = {}): Promise<readonly string[]> {
  return marks(await diagnosticsOf(resolve(smallest + extra, options)));
}

suite("interpolation", (test) => {
  test("arithmetic on numbers of the config", async () => {
    assert.is(await steps("${model.features * 2}"), 512);
    assert.is(await steps("${(model.features + 4) / 5}"), 52);
    assert.is(await steps("${2 ** 10 % 1000}"), 24);
    assert.is(await steps("${-model.features + 300}"), 44);
    assert.is(await steps("${sqrt(model.features)}"), 16);
    assert.is(await steps("${log2(model.features)}"), 8);
    assert.is(await steps("${min(9, 5, 7) + max(1, 2)}"), 7);
    assert.is(await steps("${floor(2.7) + ceil(2.1) + round(2.5)}"), 8);
  });

  test("sees defaults, of the core and of plugins", async () => {
    assert.is(await steps("${evaluation.rows / 2}"), 4096);
    assert.is(await steps("${model.router.experts}"), 1);
    assert.is(await steps("${training.optimizer.learningRate * 1e4}"), 2);
    assert.is(await steps("${losses.0.weight}"), 1);
    assert.is(await steps("${losses.reconstruction.weight}"), 1);
  });

  test("follows other interpolations, in any order", async () => {
    const { training } = await configOf(
      'training: { steps: "${training.batchSize * 2}", batchSize: "${training.logEvery * 3}", logEvery: 7 }\n',
    );
    assert.equal([training.steps, training.batchSize], [42, 21]);
  });

  test("a whole value keeps its type, inside a text it becomes text", async () => {
    const config = await configOf('name: "f${model.features}-${source.type}"\nseed: ${model.expert.k}\n');
    assert.is(config.name, "f256-numbers");
    assert.is(config.seed, 8);
    assert.is(
      (await configOf("model2: 0\n", { words: ["~model2", "model.encoderBias=${model.subtractDecoderBias}"] })).model
        .encoderBias,
      true,
    );
  });

  test("maps and lists are copied whole", async () => {
    const config = await configOf(
      "evaluation: { evaluators: [cost] }\nreport: { plots: [duplication] }\ntrackers: []\n",
      {
        words: ["source={type: numbers, texts: [a, b]}"],
      },
    );
    assert.equal(config.source["texts"], ["a", "b"]);
    const twice = await configOf("losses: [load-balance, { type: load-balance, weight: 2 }]\n", {
      words: ["losses.0=${losses.1}"],
    });
    assert.equal(twice.losses[0], { type: "load-balance", weight: 2 });
    assert.is.not(twice.losses[0], twice.losses[1]);
  });

  test("a plugin's type may be interpolated", async () => {
    const env = { ROUTER: "switch" };
    const { model } = (
      await resolve(smallest, { env, words: ["model.router.type=${env:ROUTER}", "model.router.experts=4"] })
    ).config;
    assert.equal(model.router, { type: "switch", experts: 4, gate: "softmax" });
    assert.equal(
      (await resolve(smallest, { env: { E: "relu" }, words: ["model.expert=${env:E}"] })).config.model.expert,
      { type: "relu" },
    );
  });

  test("environment variables come from what is passed in, with their default or without", async () => {
    const path = async (value: string, env: Record<string, string> = {}): Promise<unknown> =>
      (await resolve(smallest, { env, words: [`++source={type: numbers, path: "${value}"}`] })).config.source["path"];
    assert.is(await path("${env:DATA_DIR,./data}"), "./data");
    assert.is(await path("${env:DATA_DIR,./data}/x", { DATA_DIR: "/mnt" }), "/mnt/x");
    assert.is(await path("${oc.env:DATA_DIR}", { DATA_DIR: "/mnt" }), "/mnt");
    assert.is(await steps("${env:STEPS,12}"), 12);
    assert.is(await steps("${env:STEPS}", { env: { STEPS: "13" } }), 13);
  });

  test("$${ writes a literal", async () => {
    assert.is(
      (await resolve(smallest, { words: ['++source={type: numbers, path: "$${x}"}'] })).config.source["path"],
      "${x}",
    );
  });

  test("the process's own environment is never read", async () => {
    process.env["SWITCHYARD_TEST_STEPS"] = "5";
    assert.is(await steps("${env:SWITCHYARD_TEST_STEPS,7}"), 7);
  });

  test("refuses unknown paths at the path, with the nearest", async () => {
    const found = await diagnosticsOf(resolve(`${smallest}training:\n  steps: \${2 * model.fetures}\n`));
    assert.equal(marks(found), ["INTERPOLATION_UNKNOWN_PATH exp.yaml:6:16"]);
    assert.equal(found[0]?.suggestions, ["model.features"]);
    assert.equal(found[0]?.where, { file: "exp.yaml", line: 6, column: 16, endLine: 6, endColumn: 29 });
  });

  test("refuses an option that this run's plugin does not have", async () => {
    assert.equal(await refusal("training:\n  steps: ${model.router.e}\n"), [
      "INTERPOLATION_UNKNOWN_PATH exp.yaml:6:12",
    ]);
    assert.equal(await refusal("training:\n  steps: ${losses.5.weight}\n"), [
      "INTERPOLATION_UNKNOWN_PATH exp.yaml:6:12",
    ]);
    assert.equal(await refusal("training:\n  steps: ${seed.x}\n"), ["INTERPOLATION_UNKNOWN_PATH exp.yaml:6:12"]);
  });

  test("finds circles and says who is in them, once", async () => {
    const found = await diagnosticsOf(
      resolve(`${smallest}training:\n  steps: \${training.batchSize}\n  batchSize: \${training.steps + 1}\n`),
    );
    assert.equal(marks(found), ["INTERPOLATION_CYCLE exp.yaml:6:10"]);
    assert.is(
      found[0]?.message,
      "These values need each other: training.steps -> training.batchSize -> training.steps.",
    );
    assert.equal(
      found[0]?.related?.map(({ message }) => message),
      ["training.batchSize is written at"],
    );
    assert.equal(await refusal("seed: ${seed}\n"), ["INTERPOLATION_CYCLE exp.yaml:5:7"]);
    assert.equal(await refusal("", { words: ["model.router=${model}"] }), ["INTERPOLATION_CYCLE word 0:14"]);
  });

  test("refuses arithmetic on what is no number, and what is not finite", async () => {
    assert.equal(await refusal("training:\n  steps: ${name * 2}\n"), ["INTERPOLATION_TYPE exp.yaml:6:12"]);
    assert.equal(await refusal("training:\n  steps: ${sqrt(model)}\n"), ["INTERPOLATION_TYPE exp.yaml:6:17"]);
    assert.equal(await refusal("training:\n  steps: ${1 / seed}\n"), ["INTERPOLATION_NOT_FINITE exp.yaml:6:16"]);
    assert.equal(await refusal("training:\n  steps: ${5 % (seed * 2)}\n"), ["INTERPOLATION_NOT_FINITE exp.yaml:6:17"]);
    assert.equal(await refusal("training:\n  steps: ${sqrt(-1)}\n"), ["INTERPOLATION_NOT_FINITE exp.yaml:6:12"]);
    assert.equal(await refusal("training:\n  steps: ${10 ** 400}\n"), ["INTERPOLATION_NOT_FINITE exp.yaml:6:12"]);
    assert.equal(await refusal("name: a-${model}\n"), ["INTERPOLATION_TYPE exp.yaml:5:11"]);
  });

  test("refuses what cannot be parsed, at the character", async () => {
    assert.equal(await refusal("training:\n  steps: ${2 * }\n"), ["INTERPOLATION_SYNTAX exp.yaml:6:16"]);
    assert.equal(await refusal('training: { steps: "${2 & 3}" }\n'), ["INTERPOLATION_SYNTAX exp.yaml:5:25"]);
    assert.equal(await refusal("", { words: ["training.steps=${2 &}"] }), ["INTERPOLATION_SYNTAX word 0:20"]);
  });

  test("points at the whole value where the text is written with escapes", async () => {
    assert.equal(await refusal('name: "\\x61${nothing}"\n'), ["INTERPOLATION_UNKNOWN_PATH exp.yaml:5:7"]);
  });

  test("a missing environment variable is named, with the nearest that is set", async () => {
    const found = await diagnosticsOf(resolve(`${smallest}name: \${env:DATA_DR}\n`, { env: { DATA_DIR: "x" } }));
    assert.equal(marks(found), ["ENVIRONMENT_MISSING exp.yaml:5:13"]);
    assert.equal(found[0]?.suggestions, ["DATA_DIR"]);
  });

  test("what only waits for a refused value adds no second message", async () => {
    assert.equal(await refusal("training:\n  steps: ${training.batchSize * 2}\n  batchSize: ${nothing}\n"), [
      "INTERPOLATION_UNKNOWN_PATH exp.yaml:7:16",
    ]);
  });

  test("what an interpolation comes to is validated like anything else", async () => {
    assert.equal(await refusal("training:\n  steps: ${model.features / 3}\n"), ["WRONG_TYPE exp.yaml:6:10"]);
    assert.equal(await refusal("training:\n  steps: ${-5}\n"), ["VALUE_OUT_OF_RANGE exp.yaml:6:10"]);
  });
});
