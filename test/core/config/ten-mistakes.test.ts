/**
 * Ten mistakes that people make, and what Switchyard answers, letter for letter. These texts are the product: a change
 * here is a change of what users read, so it is made on purpose or not at all.
 */
import * as assert from "uvu/assert";
import { formatDiagnostics } from "../../../core/config/format-diagnostics.ts";
import { suite } from "../../suite.ts";
import { diagnosticsOf, plan, type MemoryOptions } from "./fixtures.ts";

const right = `name: study
seed: 0
source: { type: numbers, width: 64 }
model:
  features: 256
  router: { type: switch, experts: 8 }
  expert: { type: top-k, k: 8 }
losses: [reconstruction, { type: load-balance, weight: 3 }]
training: { steps: 600, optimizer: { type: adam, learningRate: 1e-4 } }
`;

/** The right config with one part of it written otherwise. */
function wrong(part: string, instead: string): string {
  assert.ok(right.includes(part), part);
  return right.replace(part, () => instead);
}

async function answerTo(text: string, options: MemoryOptions = {}): Promise<string> {
  return `\n${formatDiagnostics(await diagnosticsOf(plan(text, options)))}\n`;
}

suite("ten typical mistakes", (test) => {
  test("the config that they are made in is right", async () => {
    assert.is((await plan(right)).runs.length, 1);
  });

  test("1. a misspelt key", async () => {
    assert.is(
      await answerTo(wrong("features: 256", "feature: 256")),
      `
exp.yaml:5:3  model.feature
  There is no key "feature" in model.
    5 |   feature: 256
          ^^^^^^^
  expected  one of: features, router, expert, encoderBias, subtractDecoderBias, initialisation, decoderNorm, decoderBias and 1 more
  did you mean "features"?
  [UNKNOWN_KEY]

1 error. "switchyard explain CODE" says more about a code.
`,
    );
  });

  test("2. a misspelt plugin", async () => {
    assert.is(
      await answerTo(wrong("type: top-k", "type: topk")),
      `
exp.yaml:7:19  model.expert.type
  There is no expert named "topk".
    7 |   expert: { type: topk, k: 8 }
                          ^^^^
  expected  one of: relu, top-k
  received  "topk" (text)
  did you mean "top-k"?
  [PLUGIN_UNKNOWN]

1 error. "switchyard explain CODE" says more about a code.
`,
    );
  });

  test("3. a plugin of another kind", async () => {
    assert.is(
      await answerTo(wrong("{ type: switch, experts: 8 }", "top-k")),
      `
exp.yaml:6:11  model.router.type
  There is no router named "top-k".
    6 |   router: top-k
                  ^^^^^
  expected  one of: none, switch, top-e
  received  "top-k" (text)
  next      "top-k" is an expert: write it at model.expert
  [PLUGIN_UNKNOWN]

1 error. "switchyard explain CODE" says more about a code.
`,
    );
  });

  test("4. a number that YAML reads as text", async () => {
    assert.is(
      await answerTo(wrong("steps: 600", "steps: 1_000")),
      `
exp.yaml:9:20  training.steps
  steps must be a whole number.
    9 | training: { steps: 1_000, optimizer: { type: adam, learningRate: 1e-4 } }
                           ^^^^^
  expected  a whole number, at least 1
  received  "1_000" (text)
  next      write 1000
  [WRONG_TYPE]

1 error. "switchyard explain CODE" says more about a code.
`,
    );
  });

  test("5. an interpolation without quotes inside brackets", async () => {
    assert.is(
      await answerTo(wrong("1e-4", "${2e-4 / sqrt(model.features / 16384)}")),
      `
exp.yaml:9:64
  Inside { } and [ ] an interpolation must be quoted: quote it.
    9 | training: { steps: 600, optimizer: { type: adam, learningRate: \${2e-4 / sqrt(model.features / 16384)} } }
                                                                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  expected  "\${2e-4 / sqrt(model.features / 16384)}"
  received  \${2e-4 / sqrt(model.features / 16384)}
  [YAML_UNQUOTED_INTERPOLATION]

1 error. "switchyard explain CODE" says more about a code.
`,
    );
  });

  test("6. a tab", async () => {
    assert.is(
      await answerTo(wrong("  features: 256", "\tfeatures: 256")),
      `
exp.yaml:5:1
  A tab is not allowed as indentation.
    5 | \tfeatures: 256
        ^
  next      indent with spaces
  [YAML_TAB]

1 error. "switchyard explain CODE" says more about a code.
`,
    );
  });

  test("7. more active features than a row sees", async () => {
    assert.is(
      await answerTo(wrong("k: 8", "k: 64")),
      `
exp.yaml:7:29  model.expert.k
  64 features cannot be active where a row sees only 32.
    7 |   expert: { type: top-k, k: 64 }
                                    ^^
  expected  at most 32 (256 features / 8 experts = 32)
  received  64
  next      lower it, raise model.features, or use fewer experts
  [K_TOO_LARGE]

1 error. "switchyard explain CODE" says more about a code.
`,
    );
  });

  test("8. features that the experts cannot share", async () => {
    assert.is(
      await answerTo(wrong("experts: 8", "experts: 7")),
      `
exp.yaml:5:13  model.features
  256 features cannot be shared by 7 experts.
    5 |   features: 256
                    ^^^
  expected  a multiple of 7, such as 252 or 259
  received  256
  next      change model.features or the router's number of experts
  [FEATURES_NOT_DIVISIBLE]

1 error. "switchyard explain CODE" says more about a code.
`,
    );
  });

  test("9. a misspelt path on the command line", async () => {
    assert.is(
      await answerTo(right, { words: ["seed=1", "training.optimizer.learning_rate=1e-3"] }),
      `
command line, word 2  training.optimizer.learning_rate
  There is no key "learning_rate" in training.optimizer.
    training.optimizer.learning_rate=1e-3
                       ^^^^^^^^^^^^^
  expected  one of: type, learningRate, betas
  did you mean "learningRate"?
  [UNKNOWN_KEY]

1 error. "switchyard explain CODE" says more about a code.
`,
    );
  });

  test("10. a misspelt path in an interpolation", async () => {
    assert.is(
      await answerTo(wrong("1e-4", '"${1e-4 * model.fetures}"')),
      `
exp.yaml:9:74  training.optimizer.learningRate
  This run has no model.fetures.
    9 | training: { steps: 600, optimizer: { type: adam, learningRate: "\${1e-4 * model.fetures}" } }
                                                                                 ^^^^^^^^^^^^^
  expected  in model one of: features, router, expert, encoderBias, subtractDecoderBias, initialisation, decoderNorm, decoderBias and 1 more
  did you mean "model.features"?
  [INTERPOLATION_UNKNOWN_PATH]

1 error. "switchyard explain CODE" says more about a code.
`,
    );
  });

  test("several at once, in a base file, the config and a word, in reading order", async () => {
    assert.is(
      await answerTo(`extends: base.yaml\n${wrong("features: 256", "router_: none")}`, {
        words: ["training.steps=0"],
        files: { "base.yaml": "model:\n  features: 512\n  initialisation: normal\n" },
      }),
      `
exp.yaml:6:3  model.router_
  There is no key "router_" in model.
    6 |   router_: none
          ^^^^^^^
  expected  one of: features, router, expert, encoderBias, subtractDecoderBias, initialisation, decoderNorm, decoderBias and 1 more
  did you mean "router"?
  [UNKNOWN_KEY]

base.yaml:3:19  model.initialisation
  initialisation cannot be "normal".
    3 |   initialisation: normal
                          ^^^^^^
  expected  one of: uniform, gaussian
  received  "normal" (text)
  [VALUE_NOT_ALLOWED]

command line, word 1  training.steps
  steps is out of range.
    training.steps=0
                   ^
  expected  a whole number, at least 1
  received  0
  note      replaces the value from exp.yaml:10:20
  [VALUE_OUT_OF_RANGE]

3 errors. "switchyard explain CODE" says more about a code.
`,
    );
  });
});
