import { Ajv2020 } from "ajv/dist/2020.js";
import * as assert from "uvu/assert";
import { parse } from "yaml";
import type { RunConfig } from "../../../core/config/config.ts";
import type { SchemaConfig } from "../../../core/config/core-schema.ts";
import { acceptsNull, allowedValues, describeSchema } from "../../../core/config/json-schema.ts";
import { suite } from "../../suite.ts";
import { schema } from "./fixtures.ts";
import { baseConfig, realConfigs } from "./real-configs.ts";

/** The compiler checks that the schema and the contract describe one thing. */
const sameType: (config: SchemaConfig) => RunConfig = (config) => config;
const sameTypeBack: (config: Omit<RunConfig, "plugins">) => Omit<SchemaConfig, "plugins"> = (config) => config;

const accepts = new Ajv2020({ strict: false }).compile(schema.json);
const isAccepted = (text: string): boolean => accepts(parse(text, { merge: true }));

suite("the editor's schema", (test) => {
  test("is one JSON Schema that compiles, small enough for an editor", () => {
    assert.is(schema.json["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert.ok(JSON.stringify(schema.json).length < 60_000);
    assert.equal(JSON.parse(JSON.stringify(schema.json)), schema.json);
  });

  test("accepts configs as users write them, whole and in parts", () => {
    assert.ok(isAccepted(realConfigs[0]!), JSON.stringify(accepts.errors));
    assert.ok(isAccepted(realConfigs[1]!), JSON.stringify(accepts.errors));
    assert.ok(isAccepted(baseConfig), JSON.stringify(accepts.errors));
    assert.ok(isAccepted("model: { router: { experts: 4 } }"));
    assert.ok(isAccepted("model: { router: null, features: null }\ntraining: null\nlosses: null"));
  });

  test("accepts an interpolation wherever a value is expected", () => {
    assert.ok(isAccepted('seed: "${env:SEED}"'));
    assert.ok(isAccepted('model: { encoderBias: "${x}", router: "${y}", initialisation: "${z}" }'));
    assert.ok(isAccepted('model: { expert: { type: top-k, k: "${a}" } }\nlosses: "${b}"'));
    assert.ok(isAccepted('training: { optimizer: { type: adam, betas: "${c}" } }'));
  });

  test("refuses what validation refuses", () => {
    for (const text of [
      "seeds: 3",
      "seed: one",
      "seed: -1",
      "model: { features: 0 }",
      "model: { feature: 3 }",
      "model: { router: swich }",
      "model: { router: { type: swich } }",
      "model: { router: { type: switch, experst: 4 } }",
      "model: { router: { type: none, experts: 2 } }",
      "losses: [nothing]",
      "losses: reconstruction",
      "sweep: { gird: {} }",
      "sweep: { grid: { a: 3 } }",
      "sweep: { grid: { a: { min: 1 } } }",
      "sweep: { match: width-ish }",
    ]) {
      assert.not(isAccepted(text), text);
    }
  });

  test("tells an editor what a key and a plugin are for", () => {
    const text = JSON.stringify(schema.json);
    assert.ok(text.includes("Features of the dictionary over all experts (F)."));
    assert.ok(text.includes("The switch router."));
  });
});

suite("json schemas in words", (test) => {
  test("describes types with their limits", () => {
    assert.is(describeSchema({ type: "integer", minimum: 1, maximum: 9 }), "a whole number, at least 1, at most 9");
    assert.is(describeSchema({ type: "number", exclusiveMinimum: 0 }), "a number, above 0");
    assert.is(describeSchema({ type: "string", minLength: 1 }), "text, not empty");
    assert.is(describeSchema({ type: "array", minItems: 2, maxItems: 2 }), "a list, 2 items or more, 2 items or fewer");
    assert.is(describeSchema({ type: ["boolean", "null"] }), "true or false or null");
    assert.is(describeSchema({ enum: ["a", "b", 3] }), "one of: a, b, 3");
    assert.is(describeSchema({ const: "a" }), "a");
    assert.is(describeSchema({ anyOf: [{ const: "a" }, { const: "b" }] }), "one of: a, b");
    assert.is(describeSchema({ anyOf: [{ type: "number" }, { type: "null" }] }), "a number, or null");
    assert.is(describeSchema({}), "another value");
  });

  test("knows where null is a value", () => {
    for (const schemaOf of [
      { type: "null" },
      { type: ["number", "null"] },
      { enum: ["a", null] },
      { anyOf: [{ type: "number" }, { type: "null" }] },
      {},
    ]) {
      assert.ok(acceptsNull(schemaOf), JSON.stringify(schemaOf));
    }
    for (const schemaOf of [
      { type: "number" },
      { enum: ["a"] },
      { anyOf: [{ type: "number" }] },
      { "x-plugin": "router" },
    ]) {
      assert.not(acceptsNull(schemaOf), JSON.stringify(schemaOf));
    }
  });

  test("lists allowed values only where all are known", () => {
    assert.equal(allowedValues({ anyOf: [{ const: 1 }, { enum: [2, 3] }] }), [1, 2, 3]);
    assert.is(allowedValues({ anyOf: [{ const: 1 }, { type: "string" }] }), undefined);
  });

  test("schema and contract are of one type", () => {
    assert.type(sameType, "function");
    assert.type(sameTypeBack, "function");
  });
});
