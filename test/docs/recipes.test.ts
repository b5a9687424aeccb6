import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { openConfig } from "../../core/cli/composition-root.ts";
import { resolveRun } from "../../core/config/resolve-run.ts";
import type { RunConfig } from "../../core/config/config.ts";
import { packageRoot } from "../../core/package-root.ts";
import { suite } from "../suite.ts";

const page = readFileSync(join(packageRoot, "docs", "recipes.md"), "utf8");
const io = { cwd: packageRoot, env: {}, out: () => undefined, err: () => undefined, isTerminal: false };

/** A recipe with what it leaves open. */
async function resolved(recipe: string): Promise<RunConfig> {
  const words = [
    "++source={type: synthetic, width: 16, features: 64, activeFeatures: 4, rows: 8192}",
    "++model.features=24576",
    "++model.router.type=switch",
    "++model.router.experts=16",
    "++model.expert={type: top-k, k: 64}",
  ];
  const { composition, schema } = await openConfig({ ...io, columns: undefined }, `configs/base/${recipe}.yaml`, words);
  return resolveRun(composition, [], schema).config;
}

/** Cells of the rows whose first cell begins with this. */
function row(start: string): readonly string[] {
  const line = page.split("\n").find((each) => each.startsWith(`| ${start}`));
  assert.ok(line, start);
  return line.split("|").map((cell) => cell.trim());
}

function lossesOf({ losses }: RunConfig): readonly string[] {
  return losses.map(({ type }) => type);
}

suite("docs/recipes.md", (test) => {
  test("says of the fields of both recipes what their configs resolve to", async () => {
    const recipes = [await resolved("recipe-paper"), await resolved("recipe-clean")];
    for (const [index, { model, training }] of recipes.entries()) {
      const said = (field: string): string => row(`\`${field}\``)[2 + index] ?? "";
      const values: readonly (readonly [field: string, value: unknown])[] = [
        ["model.encoderBias", model.encoderBias],
        ["model.subtractDecoderBias", model.subtractDecoderBias],
        ["model.initialisation", model.initialisation],
        ["model.decoderNorm", model.decoderNorm],
        ["model.decoderBias", model.decoderBias],
        ["model.router.bias", model.router["bias"]],
        ["model.router.gate", model.router["gate"]],
        ["model.normaliseActivations", model.normaliseActivations],
        ["training.gradientClip", training.gradientClip],
        ["training.optimizer.projection", training.optimizer["projection"]],
        ["training.optimizer.renormalisation", training.optimizer["renormalisation"]],
      ];
      for (const [field, value] of values) assert.is(said(field).split(" ")[0], String(value), field);
      assert.is(said("training.deadAfterRows").replaceAll(",", ""), String(training.deadAfterRows));
    }
    const [paper, clean] = recipes;
    assert.equal(lossesOf(paper!), ["reconstruction", "load-balance"]);
    assert.equal(lossesOf(clean!), ["reconstruction", "load-balance", "aux-k"]);
    assert.is(paper!.training.schedule["warmupSteps"], 0);
    assert.is(clean!.training.schedule["warmupSteps"], Math.floor(clean!.training.steps / 20));
  });

  test("gives the learning rates of the rule, and the rule is the recipes'", async () => {
    const features = row("F ").slice(2, -1);
    const rates = row("rate").slice(2, -1);
    assert.ok(features.length >= 6);
    for (const [i, count] of features.entries()) {
      const exact = 2e-4 / Math.sqrt(Number(count.replaceAll(",", "")) / 16384);
      assert.is(Number(rates[i]), Number(exact.toPrecision(3)), count);
    }
    const { training } = await resolved("recipe-paper");
    assert.is(training.optimizer["learningRate"], 2e-4 / Math.sqrt(24576 / 16384));
  });

  test("gives the windows of dead features in steps", () => {
    const steps = (start: string): number => Number(/[\d,]+ steps/.exec(row(start)[3] ?? "")?.[0].replace(/\D/g, ""));
    assert.is(steps("paper: 100,000"), Math.ceil(10_000_000 / 8192));
    assert.is(steps("small study"), Math.ceil(10_000_000 / 1024));
    assert.is(steps("the same"), Math.ceil(100_000 / 1024));
  });

  test("links to files that exist", () => {
    const links = [...page.matchAll(/\]\(([\w./-]+\.md)/g)].map(([, file]) => file ?? "");
    const configs = [...page.matchAll(/configs\/base\/[\w-]+\.yaml/g)].map(([file]) => `../${file}`);
    assert.ok(links.length >= 5 && configs.length >= 4);
    for (const file of [...links, ...configs]) assert.ok(existsSync(join(packageRoot, "docs", file)), file);
  });
});
