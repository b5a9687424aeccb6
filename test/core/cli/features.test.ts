import { cpSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import type { FeatureRecord } from "../../../core/inspection/feature-record.ts";
import type { SteerResult } from "../../../core/inspection/steer.ts";
import type { SteeringStudy } from "../../../core/inspection/study-steering.ts";
import { suite } from "../../suite.ts";
import { command, makeProject } from "./project.ts";

const textYaml = `name: text
source: { type: gpt2, model: tiny-gpt2, texts: [novel.txt], layer: 2, contextLength: 64 }
model:
  features: 64
  router: { type: switch, experts: 4 }
  expert: { type: top-k, k: 8 }
training: { steps: 20, batchSize: 64, shuffleRows: 512, checkpointEvery: 20, optimizer: { type: adam, learningRate: 0.003 } }
evaluation: { evaluators: [reconstruction] }
`;

suite("features and steer", (test, hooks) => {
  let project = "";
  let run = "";
  let synthetic = "";

  const features = async (words: readonly string[]): Promise<readonly FeatureRecord[]> => {
    const { code, out, err } = await command(project, ["features", run, "--json", ...words]);
    assert.is(code, 0, err);
    return JSON.parse(out) as FeatureRecord[];
  };

  hooks.before(async () => {
    const novel = readFileSync("data/text/the-time-machine.txt", "utf8").slice(2000, 22_000);
    project = makeProject({ "novel.txt": novel, "text.yaml": textYaml });
    cpSync("data/tiny-gpt2", join(project, "tiny-gpt2"), { recursive: true });
    for (const config of ["text.yaml", "tiny.yaml"]) {
      const { code, err } = await command(project, ["run", config, "executor=in-process", "--quiet"]);
      assert.is(code, 0, err);
    }
    const runOf = (sweep: string): string =>
      join(
        "runs",
        sweep,
        readdirSync(join(project, "runs", sweep)).find((name) => /-[0-9a-f]{8}$/.test(name))!,
      );
    run = runOf("text");
    synthetic = runOf("tiny");
  });

  test("lists features in an order, limited, of one expert, and searches their texts", async () => {
    const all = await features(["--limit", "64", "--silent"]);
    assert.is(all.length, 64);
    const densities = all.map(({ density }) => density);
    assert.equal(
      densities,
      [...densities].sort((a, b) => b - a),
    );
    const ofExpert = await features(["--expert", "2", "--top", "number", "--silent"]);
    assert.equal(
      ofExpert.map(({ feature }) => feature),
      Array.from({ length: 16 }, (_unused, i) => 32 + i),
    );
    const [token = ""] = all[0]!.examples.map(({ tokens, at }) => tokens![at!]);
    const found = await features(["--search", token.toUpperCase(), "--limit", "64"]);
    assert.ok(found.some(({ feature }) => feature === all[0]!.feature));
    const lines = readFileSync(join(project, run, "features.jsonl"), "utf8")
      .trimEnd()
      .split("\n");
    assert.is(lines.length, 64);
    assert.equal(JSON.parse(lines[all[0]!.feature]!), all[0]);
  });

  test("shows a table, and one feature with its examples marked in their text", async () => {
    const table = await command(project, ["features", run, "--limit", "3"]);
    assert.match(
      table.out,
      /^FEATURE +EXPERT +DENSITY .*\n( *\d+ +\d .*\n){3}\n64 features of 4 experts on \d+ held-out rows/,
    );
    const [densest] = await features(["--limit", "1"]);
    const single = await command(project, ["features", run, "--feature", String(densest!.feature)]);
    assert.match(single.out, new RegExp(`^feature ${densest!.feature} of expert ${densest!.expert}\n`));
    assert.is(single.out.split("[[").length - 1, densest!.examples.length);
    assert.match(single.out, /promotes +".+" \d/);
  });

  test("looks again with other settings, and keeps them", async () => {
    const [first] = await features(["--examples", "2", "--radius", "1", "--limit", "1"]);
    assert.ok(first!.examples.length <= 2);
    assert.ok(first!.examples.every(({ tokens }) => tokens!.length <= 3));
    assert.equal(await features(["--limit", "1"]), [first]);
    const [plain] = await features(["--no-fold", "--limit", "1"]);
    assert.not.equal(plain!.promoted, first!.promoted);
  });

  test("works without text: rows instead of contexts, no tokens", async () => {
    const { code, out, err } = await command(project, ["features", synthetic, "--json", "--limit", "1"]);
    assert.is(code, 0, err);
    const [feature] = JSON.parse(out) as FeatureRecord[];
    assert.equal(Object.keys(feature!.examples[0]!), ["row", "activation"]);
    assert.not.ok("promoted" in feature!);
    assert.match((await command(project, ["features", synthetic])).out, /held-out rows after step 6/);
  });

  test("steers a prompt, with the strength that it was asked for", async () => {
    const [feature] = await features(["--top", "max", "--limit", "1"]);
    const words = ["steer", run, "--feature", String(feature!.feature), "--prompt", "It was a dark"];
    const steer = async (more: readonly string[]): Promise<SteerResult> => {
      const { code, out, err } = await command(project, [...words, "--json", ...more]);
      assert.is(code, 0, err);
      return JSON.parse(out) as SteerResult;
    };
    const twice = await steer(["--scale", "-2"]);
    assert.ok(Math.abs(twice.strength + 2 * feature!.max) < 1e-6);
    assert.ok(twice.kl > 0 && twice.before.length === 8);
    const raw = await steer(["--units", "activation", "--scale", "0.5", "--top", "3", "--positions", "last"]);
    assert.equal([raw.strength, raw.risen.length, raw.steered.length], [0.5, 3, 1]);
    const drawn = ["--continue", "6", "--temperature", "1", "--seed", "4"];
    assert.equal((await steer(drawn)).continuations, (await steer(drawn)).continuations);
    const text = await command(project, [...words, "--continue", "3"]);
    assert.match(
      text.out,
      /^feature \d+ added with .* \(1 times its largest activation\) at \d+ positions of \d+ tokens\nKL/,
    );
    assert.match(text.out, /\nwithout +".*"\nwith +".*"\n$/);
  });

  test("studies held-out contexts", async () => {
    const [feature] = await features(["--top", "max", "--limit", "1"]);
    const words = ["steer", run, "--feature", String(feature!.feature), "--study", "2"];
    const study = JSON.parse((await command(project, [...words, "--json"])).out) as SteeringStudy;
    assert.equal(
      study.rows.map(({ relation }) => relation),
      ["itself", "same expert", "other expert", "random"],
    );
    assert.is(study.contexts, 2);
    assert.match((await command(project, words)).out, /^FEATURE +RELATION +COSINE +KL .*\n( *\d+ +.*\n){4}/);
  });

  test("says what is wrong with the words", async () => {
    const wrong: readonly (readonly [readonly string[], RegExp])[] = [
      [["features", run, "--feature", "64"], /--feature from 0 to 63/],
      [["features", run, "--expert", "4"], /--expert from 0 to 3/],
      [["features", run, "--top", "size"], /density or max or mean/],
      [["features", "runs/text"], /RUN_NOT_NAMED[\s\S]*Name one of: runs\/text\//],
      [["features", "nowhere"], /RUN_NOT_NAMED/],
      [["steer", run, "--prompt", "a"], /needs --feature/],
      [["steer", run, "--feature", "1"], /either --prompt <text> or --study/],
      [["steer", run, "--feature", "1", "--prompt", "a b", "--scale", "much"], /--scale needs a number/],
      [["steer", run, "--feature", "1", "--prompt", "a b", "--temperature", "1"], /needs --continue/],
      [["steer", run, "--feature", "1", "--study", "1", "--continue", "2"], /needs --continue with --prompt/],
      [["steer", run, "--feature", "1", "--prompt", "a b", "--continue", "2", "--temperature", "-1"], /at least 0/],
    ];
    for (const [words, message] of wrong) {
      const { code, err } = await command(project, words);
      assert.is(code, 2, words.join(" "));
      assert.match(err, message);
    }
    const without = await command(project, ["steer", synthetic, "--feature", "1", "--prompt", "a b"]);
    assert.is(without.code, 1);
    assert.match(without.err, /NO_LANGUAGE_MODEL/);
  });

  test("does not scale by the largest activation of a feature that has none", async () => {
    const file = join(project, run, "features.jsonl");
    const lines = readFileSync(file, "utf8").split("\n");
    lines[5] = JSON.stringify({ ...JSON.parse(lines[5]!), rows: 0, density: 0, mean: 0, max: 0, examples: [] });
    writeFileSync(file, lines.join("\n"));
    assert.is((await features(["--feature", "5"])).length, 1);
    const words = ["steer", run, "--feature", "5", "--prompt", "It was"];
    assert.match((await command(project, words)).err, /FEATURE_SILENT/);
    assert.is((await command(project, [...words, "--units", "activation"])).code, 0);
  });
});
