import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { openConfig } from "../../../core/cli/composition-root.ts";
import { resolveRun } from "../../../core/config/resolve-run.ts";
import type { RunConfig } from "../../../core/config/config.ts";
import { packageRoot } from "../../../core/package-root.ts";
import { expandSweep } from "../../../core/sweep/expand-sweep.ts";
import { suite } from "../../suite.ts";

const io = { cwd: packageRoot, env: {}, out: () => undefined, err: () => undefined, isTerminal: false };

const files = readdirSync(join(packageRoot, "configs"), { recursive: true, encoding: "utf8" })
  .map((file) => `configs/${file.replaceAll("\\", "/")}`)
  .filter((file) => file.endsWith(".yaml"))
  .sort();
const isBase = (file: string): boolean => file.startsWith("configs/base/");

async function resolveAll(file: string): Promise<readonly RunConfig[]> {
  const { composition, schema } = await openConfig({ ...io, columns: undefined }, file, []);
  assert.equal(composition.warnings, [], file);
  return expandSweep(composition).map(({ axes }) => resolveRun(composition, axes, schema).config);
}

suite("shipped configs", (test) => {
  test("are the files that git knows, so that none hides from these tests", () => {
    const known = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "configs"], {
      cwd: packageRoot,
      encoding: "utf8",
    });
    assert.equal(
      files,
      known
        .split("\n")
        .filter((file) => file.endsWith(".yaml"))
        .sort(),
    );
    assert.ok(files.length >= 9);
  });

  for (const file of files) {
    test(`${file} starts with the line by which editors find the schema`, () => {
      const up = "../".repeat(file.split("/").length - 1);
      const [first] = readFileSync(join(packageRoot, file), "utf8").split("\n");
      assert.is(first, `# yaml-language-server: $schema=${up}.switchyard/schema.json`);
    });
  }

  for (const file of files.filter((name) => !isBase(name))) {
    test(`${file} resolves without warnings, all of its runs`, async () => {
      assert.ok((await resolveAll(file)).length > 0);
    });
  }

  test("of base are pieces that some config extends", () => {
    const texts = files.map((file) => readFileSync(join(packageRoot, file), "utf8"));
    for (const base of files.filter(isBase)) {
      const name = base.slice("configs/base/".length);
      assert.ok(
        texts.some((text) => new RegExp(`extends:.*\\b${name}`).test(text)),
        base,
      );
    }
  });

  test("quickstart compares a dense TopK with Switch SAEs of 2 to 16 experts of the same width", async () => {
    const runs = await resolveAll("configs/quickstart.yaml");
    assert.equal(
      runs.map(({ model }) => [model.features, model.router["experts"] ?? 1]),
      [1, 2, 4, 8, 16].map((experts) => [2048, experts]),
    );
  });

  test("of the paper name its set-up: layer 8 of GPT-2 small, 24,576 features, its k, its schedule", async () => {
    const wide = await resolveAll("configs/paper/width-matched.yaml");
    assert.equal([...new Set(wide.map(({ model }) => model.router["experts"]))], [16, 32, 64, 128]);
    assert.equal([...new Set(wide.map(({ model }) => model.expert["k"]))], [8, 16, 32, 48, 64, 96, 128, 192]);
    const flops = await resolveAll("configs/paper/flop-matched.yaml");
    assert.equal([...new Set(flops.map(({ model }) => model.router["experts"]))], [2, 4, 8]);
    for (const { source, training, model } of [...wide, ...flops, ...(await resolveAll("configs/paper/top-k.yaml"))]) {
      assert.equal([source["model"], source["layer"], source["hook"]], ["openai-community/gpt2", 8, "resid-post"]);
      assert.equal([training.steps, training.batchSize, training.schedule["decayStart"]], [100_000, 8192, 0.8]);
      assert.is(training.optimizer["learningRate"], 2e-4 / Math.sqrt(model.features / 2 ** 14));
    }
  });
});
