import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as assert from "uvu/assert";
import { packageRoot } from "../../core/package-root.ts";
import { createCatalogue } from "../../core/plugin/catalogue.ts";
import { routerConformance } from "../conformance/index.ts";
import { withProject } from "../core/plugin/temporary-project.ts";
import { suite } from "../suite.ts";

/** File name -> text of the blocks that the page marks: "```ts plugin:my-router.ts". */
function filesOfPage(page: string): Readonly<Record<string, string>> {
  const text = readFileSync(join(packageRoot, "docs", page), "utf8");
  const blocks = [...text.matchAll(/^```\w+ (?:plugin|config|test):(\S+)\n([^]*?)^```$/gm)];
  return Object.fromEntries(blocks.map(([, file, body]) => [file!, body!]));
}

const files = filesOfPage("plugins.md");

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

function runNode(folder: string, words: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, words, { cwd: folder });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.on("close", (code) => {
      resolve({ code, output });
    });
  });
}

suite("docs/plugins.md", (test) => {
  test("shows a plugin, a config and a test", () => {
    assert.equal(Object.keys(files), ["cosine-router.ts", "study.yaml", "cosine-router.test.mjs"]);
  });

  test("shows a router that loads by path from outside the repository and passes the conformance suite", async () => {
    await withProject(files, async (folder) => {
      const requested = [{ specifier: "./cosine-router.ts", where: "study.yaml:2:11" }];
      const catalogue = await createCatalogue({ builtIn: {}, requested, projectFolder: folder });
      const cosine = await catalogue.load("router", "cosine");
      const cases = routerConformance(cosine);
      assert.ok(cases.length > 10);
      for (const { run } of cases) await run();
    });
  });

  test(
    "shows a test that passes where Switchyard is installed",
    async () => {
      await withProject(files, async (folder) => {
        mkdirSync(join(folder, "node_modules"));
        symlinkSync(packageRoot, join(folder, "node_modules", "switchyard"));
        const tsx = pathToFileURL(join(packageRoot, "node_modules", "tsx", "dist", "loader.mjs")).href;
        const words = ["--conditions=switchyard-source", "--import", tsx, "cosine-router.test.mjs"];
        const { code, output } = await runNode(folder, words);
        assert.is(code, 0, output);
        assert.match(output, /^(?:#|\u2139) pass (?:2[0-9]|3[0-9])$/m);
      });
    },
    { timeoutMs: 60_000 },
  );

  test(
    "shows a config that runs, with the new router beside a shipped one",
    async () => {
      await withProject(files, async (folder) => {
        const launcher = join(packageRoot, "core", "cli", "switchyard.js");
        const words = [launcher, "run", "study.yaml", "training.steps=12", "training.batchSize=64", "source.rows=1024"];
        const { code, output } = await runNode(folder, words);
        assert.is(code, 0, output);
        const runs = readdirSync(join(folder, "runs", "cosine-study")).filter((name) => name.startsWith("router="));
        assert.is(runs.length, 2, runs.join(", "));
        for (const run of runs) {
          const text = readFileSync(join(folder, "runs", "cosine-study", run, "evaluation.json"), "utf8");
          const { metrics } = JSON.parse(text) as { metrics: Record<string, number> };
          assert.ok(metrics["reconstruction/mse"]! > 0, `${run}: ${text.slice(0, 200)}`);
        }
        const [cosine] = runs.filter((name) => name.startsWith("router=cosine"));
        const record = readFileSync(join(folder, "runs", "cosine-study", cosine!, "run.json"), "utf8");
        assert.match(record, /router\/cosine@1/);
      });
    },
    { timeoutMs: 120_000 },
  );
});
