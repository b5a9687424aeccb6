import fc from "fast-check";
import { Type } from "typebox";
import * as assert from "uvu/assert";
import {
  definitionFaults,
  isPluginName,
  looksLikePlugin,
  validateDefinition,
} from "../../../core/plugin/definition.ts";
import { definePlugin } from "../../../core/plugin/define-plugin.ts";
import { pluginKinds } from "../../../core/plugin/kinds.ts";
import { tensorFlowRef } from "../../../core/services.ts";
import { suite } from "../../suite.ts";
import { rejection } from "./temporary-project.ts";

const good = definePlugin({
  kind: "schedule",
  name: "constant-rate",
  version: "1",
  summary: "Never changes.",
  paper: "Someone 2024",
  options: Type.Object({ rate: Type.Number({ description: "How much." }) }),
  deps: { tf: tensorFlowRef },
  create: () => ({ multiplier: () => 1 }),
});

suite("plugin definition", (test) => {
  test("is returned as it is when it is right", () => {
    assert.is(validateDefinition(good, "here"), good);
    assert.equal(definitionFaults(good), []);
  });

  test("reports every fault at once, with the place that asked for it", async () => {
    const wrong = { kind: "roter", name: "My Router", version: 1, options: {}, deps: [], create: "yes" };
    const error = await rejection(Promise.resolve().then(() => validateDefinition(wrong, "a.yaml:3:5")));
    assert.is(error.code, "PLUGIN_INVALID");
    assert.is(error.where, "a.yaml:3:5");
    assert.is(
      error.summary,
      [
        'The plugin "My Router" is not a valid definition:',
        `    - kind is "roter", not one of ${pluginKinds.join(", ")}; did you mean "router"?`,
        '    - name is "My Router", not kebab-case such as "my-plugin"',
        '    - version is 1, not a non-empty string such as "1"',
        "    - summary is missing, not one sentence",
        "    - options is an object, not a Type.Object({...}) schema",
        "    - deps is a list, not an object of service references",
        '    - create is "yes", not a function',
      ].join("\n"),
    );
  });

  const faults: readonly (readonly [string, Record<string, unknown>, string])[] = [
    [
      "a router without facts",
      { kind: "router" },
      "facts is missing, which a router needs: checks before a run depend on it",
    ],
    [
      "an expert without facts",
      { kind: "expert" },
      "facts is missing, which an expert needs: checks before a run depend on it",
    ],
    [
      "a source without facts",
      { kind: "source" },
      "facts is missing, which a source needs: checks before a run depend on it",
    ],
    ["facts that are no function", { facts: 3 }, "facts is 3, not a function"],
    ["a dispose that is no function", { dispose: true }, "dispose is true, not a function"],
    ["an empty summary", { summary: " " }, 'summary is " ", not one sentence'],
    ["a paper that is no text", { paper: 2024 }, "paper is 2024, not a reference as text"],
    [
      "an option called type",
      { options: Type.Object({ type: Type.String() }) },
      "options has a property named type, which is how configs write the plugin's name",
    ],
    ["options that are a number", { options: Type.Number() }, "options is an object, not a Type.Object({...}) schema"],
    [
      "an option without a schema",
      { options: { type: "object", properties: { k: 3 } } },
      "options.k is 3, not a schema",
    ],
    [
      "a dependency that is a string",
      { deps: { tf: "tensorflow" } },
      'deps.tf is "tensorflow", not a reference made by defineService',
    ],
    [
      "a dependency with a wrong scope",
      { deps: { tf: { id: "x", scope: "world" } } },
      "deps.tf is an object, not a reference made by defineService",
    ],
    ["a misspelt field", { sumary: "x" }, "sumary is not a field of a plugin; did you mean summary?"],
  ];
  for (const [what, change, expected] of faults) {
    test(`has one fault reported for ${what}`, () => {
      assert.equal(definitionFaults({ ...good, ...change }), [expected]);
    });
  }

  test("reports what is no object at all", () => {
    for (const value of [undefined, null, 3, "text", [], () => 1]) assert.is(definitionFaults(value).length, 1);
  });

  test("never throws for random values, and accepts none of them", () => {
    fc.assert(
      fc.property(fc.object(), (value) => {
        assert.ok(definitionFaults(value).length > 0);
      }),
      { seed: 3, numRuns: 300 },
    );
  });

  test("is told from other exports by having a kind or a create", () => {
    assert.equal([good, { create: 1 }, { kind: 1 }].map(looksLikePlugin), [true, true, true]);
    assert.equal([{}, null, "kind", () => 1, 3].map(looksLikePlugin), [false, false, false, false, false]);
  });

  test("has a name in kebab-case", () => {
    assert.equal(["top-k", "relu", "a1-b2"].map(isPluginName), [true, true, true]);
    assert.equal(["", "topK", "top_k", "-k", "k-", "1k", "a--b", "a/b", ".."].filter(isPluginName), []);
  });
});
