import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { openConfig } from "../../core/cli/composition-root.ts";
import { packageRoot } from "../../core/package-root.ts";
import { planSweep } from "../../core/sweep/plan-sweep.ts";
import { catalogue } from "../../plugins/catalogue.ts";
import { pluginPages } from "../../scripts/build-docs.ts";
import { documentedKinds } from "../../scripts/docs/plugin-pages.ts";
import { exampleNames } from "../../scripts/docs/run-examples.ts";
import { suite } from "../suite.ts";

const keys = Object.keys(catalogue)
  .filter((key) => documentedKinds.some((kind) => key.startsWith(`${kind}/`)))
  .sort();
const reference = join(packageRoot, "docs", "reference");
const examples = join(packageRoot, "docs", "examples");
const pages = await pluginPages();

/** Part of a page below a heading, up to the next of the same or a higher level. */
function section(page: string, heading: string): string {
  const [, after = ""] = page.split(`\n## ${heading}\n`);
  return after.split("\n## ")[0] ?? "";
}

suite("the pages of plugins", (test) => {
  test("are there for every router, expert, loss, optimizer, schedule and evaluator, and for nothing else", () => {
    assert.ok(keys.length >= 30, `${keys.length} plugins`);
    const written = documentedKinds.flatMap((kind) =>
      readdirSync(join(reference, kind)).map((file) => `${kind}/${file.replace(/\.md$/, "")}`),
    );
    assert.equal(written.sort(), keys);
    assert.equal(exampleNames(examples, ".ts"), keys);
    assert.equal(exampleNames(examples, ".yaml"), keys);
  });

  test("are what the code says and the examples print (npm run docs writes them)", () => {
    assert.equal(
      [...pages.keys()].sort(),
      keys.map((key) => `${key}.md`),
    );
    for (const [name, text] of pages) {
      assert.is(
        readFileSync(join(reference, name), "utf8"),
        text,
        `docs/reference/${name} is out of date: npm run docs`,
      );
    }
  });

  test("have an equation, its symbols, a source, options and an example with its output", () => {
    for (const [name, page] of pages) {
      assert.match(section(page, "What it computes"), /```text\n\S[^]*?\n```/, `${name}: equation`);
      assert.match(page, /### Symbols\n\n(?:Sizes: |Here: |\| symbol )/, `${name}: symbols`);
      assert.match(section(page, "Source"), /^- (?!Code|Test|\[Paper map)\S/m, `${name}: source`);
      assert.match(section(page, "Options"), /\| `\w+` \||No options\./, `${name}: options`);
      assert.match(section(page, "Example"), /```ts\n\/\/ [^]+```\n\n```text\n\S/, `${name}: example`);
      assert.match(section(page, "In a config"), /```yaml\nextends: /, `${name}: config`);
      assert.ok(!/undefined|NaN|\[object/.test(section(page, "Example")), `${name}: output`);
    }
  });

  test("are reachable from the list of all plugins, whose links lead to files", () => {
    const list = readFileSync(join(reference, "plugins.md"), "utf8");
    for (const key of keys) assert.ok(list.includes(`(${key}.md)`), key);
  });

  test("of evaluators list every metric, and link to a section of the metrics guide", () => {
    const guide = readFileSync(join(packageRoot, "docs", "metrics.md"), "utf8");
    for (const key of keys.filter((each) => each.startsWith("evaluator/"))) {
      const name = key.slice("evaluator/".length);
      const text = section(pages.get(`${key}.md`) ?? "", "Metrics");
      assert.ok((text.match(new RegExp(`^\\| \`${name}/`, "gm")) ?? []).length >= 2, `${key}: metrics`);
      assert.ok(text.includes(`metrics.md#${name})`), `${key}: link`);
      assert.ok(guide.split("\n").includes(`## ${name}`), `docs/metrics.md has a section ${name}`);
    }
  });

  test("show programs that a reader takes in at a glance, with a comment on what to see", () => {
    for (const key of keys) {
      const lines = readFileSync(join(examples, `${key}.ts`), "utf8")
        .trim()
        .split("\n");
      assert.match(lines[0]!, /^\/\/ \S/, key);
      assert.ok(lines.length <= 32, `${key}: ${lines.length} lines`);
      assert.ok(
        lines.every((line) => /^[ -~]*$/.test(line)),
        `${key}: ASCII`,
      );
    }
  });
});

suite("the configs of the examples", (test) => {
  const io = { cwd: packageRoot, env: {}, out: () => undefined, err: () => undefined, isTerminal: false };
  for (const key of keys) {
    test(`${key} is planned without a problem, and its run uses the plugin`, async () => {
      const opened = await openConfig({ ...io, columns: undefined }, `docs/examples/${key}.yaml`, []);
      const { composition, schema, catalogue: plugins, project } = opened;
      assert.equal(composition.warnings, []);
      const { runs } = await planSweep({ composition, schema, catalogue: plugins, paths: project });
      assert.is(runs.length, 1);
      const [kind, name] = key.split("/");
      const { model, losses, training, evaluation } = runs[0]!.config;
      const used = {
        router: [model.router],
        expert: [model.expert],
        loss: losses,
        optimizer: [training.optimizer],
        schedule: [training.schedule],
        evaluator: evaluation.evaluators,
      };
      const types = used[kind as keyof typeof used].map(({ type }) => type);
      assert.ok(types.includes(name!), `${key}: ${types.join(", ")}`);
    });
  }
});
