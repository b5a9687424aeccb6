import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as assert from "uvu/assert";
import { packageRoot } from "../../../core/package-root.ts";
import { createCatalogue } from "../../../core/plugin/catalogue.ts";
import { scaffoldKinds } from "../../../core/scaffold/kinds.ts";
import { scaffold } from "../../../core/scaffold/scaffold.ts";
import { suite } from "../../suite.ts";
import { rejection, withProject } from "../plugin/temporary-project.ts";

/** Runs generated tests as an author would, on the sources of this repository; in one process, to save time. */
function runTests(project: string, files: readonly string[]): Promise<{ code: number | null; output: string }> {
  const all = join(project, "all-tests.mjs");
  writeFileSync(all, files.map((file) => `import ${JSON.stringify(file)};\n`).join(""));
  return new Promise((resolve) => {
    const tsx = pathToFileURL(join(packageRoot, "node_modules", "tsx", "dist", "loader.mjs")).href;
    const words = ["--conditions=switchyard-source", "--import", tsx, all];
    const child = spawn(process.execPath, words, { cwd: project });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.on("close", (code) => {
      resolve({ code, output });
    });
  });
}

suite("scaffold", (test) => {
  test(
    "writes plugins of every kind whose tests pass at once, in a project where Switchyard is installed",
    async () => {
      await withProject({ "package.json": '{ "private": true }' }, async (project) => {
        mkdirSync(join(project, "node_modules"));
        symlinkSync(packageRoot, join(project, "node_modules", "switchyard"));
        const tests: string[] = [];
        for (const kind of scaffoldKinds) {
          const files = await scaffold(kind, `my-own-${kind}`, project);
          assert.equal(files, [
            join(project, "plugins", kind, `my-own-${kind}.ts`),
            join(project, "test", "plugins", kind, `my-own-${kind}.test.mjs`),
            join(project, "docs", "plugins", kind, `my-own-${kind}.md`),
          ]);
          tests.push(files[1]!);
        }
        const { code, output } = await runTests(project, tests);
        assert.is(code, 0, output);
        const passed = Number(/^(?:#|\u2139) pass (\d+)$/m.exec(output)?.[1]);
        assert.ok(passed >= 50, `${passed} passed\n${output}`);
        const catalogue = await createCatalogue({ builtIn: {}, requested: [], projectFolder: project });
        for (const kind of scaffoldKinds) assert.is((await catalogue.load(kind, `my-own-${kind}`)).version, "1");
      });
    },
    { timeoutMs: 120_000 },
  );

  test("has a template for each of its kinds and for no other", () => {
    const templates = readdirSync(join(packageRoot, "core", "scaffold", "templates"));
    assert.equal(templates.sort(), scaffoldKinds.map((kind) => `${kind}.ts`).sort());
  });

  test("leaves no trace of the template's name", async () => {
    await withProject({}, async (project) => {
      for (const kind of scaffoldKinds) {
        for (const file of await scaffold(kind, "mine", project)) {
          assert.not.match(readFileSync(file, "utf8"), /example|index\.ts/i);
        }
      }
    });
  });

  test("names the constant after the plugin, and a reserved word after its kind too", async () => {
    await withProject({}, async (project) => {
      const [plain, reserved] = [await scaffold("router", "by-hash", project), await scaffold("loss", "with", project)];
      assert.match(
        readFileSync(plain[0]!, "utf8"),
        /^export const byHash = definePlugin\(\{\n {2}kind: "router",\n {2}name: "by-hash",/m,
      );
      assert.match(readFileSync(reserved[0]!, "utf8"), /^export const withLoss = /m);
    });
  });

  test("never overwrites, and writes nothing at all when one file exists", async () => {
    await withProject({ "docs/plugins/router/mine.md": "my notes" }, async (project) => {
      const error = await rejection(scaffold("router", "mine", project));
      assert.is(error.code, "SCAFFOLD_EXISTS");
      assert.is(error.where, join(project, "docs/plugins/router/mine.md"));
      assert.equal(readdirSync(project), ["docs"]);
      assert.is(readFileSync(join(project, "docs/plugins/router/mine.md"), "utf8"), "my notes");
    });
  });

  test("refuses names that are not kebab-case", async () => {
    for (const name of ["MyRouter", "my_router", "", "../evil", "a b"]) {
      assert.is((await rejection(scaffold("router", name, packageRoot))).code, "SCAFFOLD_NAME");
    }
  });

  test("refuses kinds without a template, naming the nearest", async () => {
    const misspelt = await rejection(scaffold("ruoter", "mine", packageRoot));
    assert.equal([misspelt.code, misspelt.next], ["SCAFFOLD_KIND", 'Did you mean "router"?']);
    assert.is(misspelt.expected, "one of source, router, expert, loss, schedule, evaluator");
    assert.match((await rejection(scaffold("device", "mine", packageRoot))).next ?? "", /copy a file of plugins/);
  });
});
