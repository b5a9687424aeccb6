import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import {
  buildExecutor,
  buildPlots,
  createJobRunner,
  openConfig,
  openProject,
  openRun,
  writeSchema,
} from "../../../core/cli/composition-root.ts";
import type { Io } from "../../../core/cli/io.ts";
import { planConfig } from "../../../core/cli/plan-config.ts";
import type { Words } from "../../../core/cli/command.ts";
import { projectOfConfig, shownPath } from "../../../core/cli/project.ts";
import { createRunFolder } from "../../../core/run/create-run-folder.ts";
import { suite } from "../../suite.ts";
import { tinyConfig, tinyRun } from "../run/fixtures.ts";
import { command, makeProject, tinyYaml } from "./project.ts";

function ioAt(cwd: string, env: Readonly<Record<string, string>> = {}): Io & { readonly printed: string[] } {
  const printed: string[] = [];
  return {
    ...{ cwd, env, printed, isTerminal: false, columns: undefined },
    out: (text) => printed.push(`out ${text}`),
    err: (text) => printed.push(`err ${text}`),
  };
}

function wordsOf(positionals: readonly string[], ...flags: readonly string[]): Words {
  return { positionals, has: (flag) => flags.includes(flag), get: () => undefined };
}

const executorFile = `
import { definePlugin, Type } from "switchyard";
export const dry = definePlugin({
  kind: "executor", name: "dry", version: "1", summary: "Runs nothing.",
  options: Type.Object({ note: Type.String({ default: "none", description: "A note." }) }),
  create: ({ note }) => ({ note, execute: () => Promise.resolve([]) }),
});
`;

suite("the composition root", (test) => {
  test("opens a project with all built-in plugins and its own", async () => {
    const project = makeProject({ "plugins/executor/dry.js": executorFile });
    const { catalogue, schema, project: found } = await openProject(ioAt(project));
    assert.is(found.projectFolder, project);
    assert.ok(catalogue.has("router", "switch") && catalogue.has("executor", "dry"));
    assert.ok(schema.names("executor").includes("dry"));
  });

  test("opens a config with the plugins that it names, whose entries carry their place when they fail", async () => {
    const project = makeProject({ "other/dry.js": executorFile, "a.yaml": `plugins: [other/dry.js]\n${tinyYaml}` });
    assert.ok((await openConfig(ioAt(project), "a.yaml", [])).catalogue.has("executor", "dry"));
    writeFileSync(join(project, "a.yaml"), `${tinyYaml}plugins:\n  - other/absent.js\n`);
    await openConfig(ioAt(project), "a.yaml", []).then(
      () => {
        assert.unreachable();
      },
      (error: unknown) => {
        assert.match(String(error), /PLUGIN_NOT_FOUND[\s\S]*a\.yaml:14:5/);
      },
    );
  });

  test("builds the executor that the config names, with its options", async () => {
    const project = makeProject({ "plugins/executor/dry.js": executorFile });
    const opened = await openConfig(ioAt(project), "tiny.yaml", []);
    const config = tinyConfig({ executor: { type: "dry", note: "hello" } });
    assert.is(Reflect.get(await buildExecutor(opened, config), "note"), "hello");
    assert.ok("execute" in (await buildExecutor(opened, undefined)));
  });

  test("builds plots in the order of the config", async () => {
    const opened = await openProject(ioAt(makeProject()));
    const config = tinyConfig({ report: { plots: [{ type: "mse-l0" }, { type: "loss-curves" }] } });
    const plots = await buildPlots(opened, config);
    assert.equal(
      plots.map(([name]) => name),
      ["mse-l0", "loss-curves"],
    );
    assert.ok(plots.every(([, { title }]) => title.length > 0));
  });

  test("opens the plugins of a run from its folder alone", async () => {
    const project = makeProject({ "other/dry.js": executorFile });
    const folder = join(project, "runs/tiny/r");
    createRunFolder(folder, "tiny", tinyRun(tinyConfig({ plugins: ["other/dry.js"] })));
    const opened = await openRun(folder);
    assert.is(opened.project.projectFolder, project);
    assert.ok(opened.catalogue.has("executor", "dry"));
  });

  test("starts workers the way this process was started", () => {
    const { worker } = createJobRunner({ projectFolder: "/p", cacheFolder: "/c" });
    assert.ok(existsSync(worker.file), worker.file);
    assert.match(worker.file, /core.cli.worker\.ts$/);
    assert.equal(worker.paths, { projectFolder: "/p", cacheFolder: "/c" });
  });

  test("writes the schema into folders that do not exist yet, whole", async () => {
    const { schema } = await openProject(ioAt(makeProject()));
    const file = join(makeProject(), "a/b/schema.json");
    writeSchema(file, schema);
    assert.equal(JSON.parse(readFileSync(file, "utf8")), JSON.parse(JSON.stringify(schema.json)));
  });
});

suite("planning a config", (test) => {
  test("gives the runs, and reads the environment that it is given", async () => {
    const project = makeProject({
      "a.yaml": tinyYaml.replace("features: 16\n  router", 'features: "${env:F}"\n  router'),
    });
    const planned = await planConfig(wordsOf(["a.yaml", "seed=4"]), ioAt(project, { F: "32" }));
    assert.equal(
      planned?.sweep.runs.map(({ config }) => [config.model.features, config.seed]),
      [
        [32, 4],
        [32, 4],
      ],
    );
  });

  test("prints all that is wrong at once, on standard error or as JSON on standard output", async () => {
    const wrong = tinyYaml.replace("steps: 6", "stesp: 6").replace("batchSize: 16", "batchSize: 0");
    const project = makeProject({ "a.yaml": wrong });
    const text = ioAt(project);
    assert.is(await planConfig(wordsOf(["a.yaml"]), text), undefined);
    assert.is(text.printed.length, 1);
    assert.match(text.printed[0]!, /^err [\s\S]*stesp[\s\S]*batchSize[\s\S]*2 errors/);
    const json = ioAt(project);
    assert.is(await planConfig(wordsOf(["a.yaml"], "json"), json), undefined);
    const { diagnostics } = JSON.parse(json.printed[0]!.slice(4)) as { diagnostics: { code: string }[] };
    assert.equal([json.printed[0]!.slice(0, 4), diagnostics.length], ["out ", 2]);
  });
});

suite("a config with a plugin that cannot be loaded", (test) => {
  test("is a wrong config: exit code 2, the place, and the same as JSON", async () => {
    const project = makeProject({ "a.yaml": `plugins: [./bad.js]\n${tinyYaml}`, "bad.js": "export const a = 1;" });
    const text = await command(project, ["plan", "a.yaml"]);
    assert.equal([text.code, text.out], [2, ""]);
    assert.match(text.err, /PLUGIN_NO_DEFINITION[\s\S]*a\.yaml:1:11/);
    const json = await command(project, ["run", "a.yaml", "--json"]);
    assert.equal([json.code, json.err], [2, ""]);
    const { diagnostics } = JSON.parse(json.out) as { diagnostics: { code: string; where: string }[] };
    assert.equal(
      diagnostics.map(({ code, where }) => [code, where]),
      [["PLUGIN_NO_DEFINITION", "a.yaml:1:11"]],
    );
  });
});

suite("names of configs in messages", (test) => {
  test("are as short as the place of the command allows", () => {
    const project = makeProject({ "configs/a.yaml": "" });
    assert.is(projectOfConfig(ioAt(project), "configs/a.yaml").file, "configs/a.yaml");
    assert.is(projectOfConfig(ioAt(project), "./configs/../configs/a.yaml").file, "configs/a.yaml");
    const elsewhere = projectOfConfig(ioAt("/"), join(project, "configs/a.yaml"));
    assert.equal([elsewhere.file, elsewhere.project.projectFolder], [join(project, "configs/a.yaml"), project]);
  });

  test("show paths below the current folder without it, and others whole", () => {
    assert.is(shownPath(ioAt("/a/b"), "/a/b/c/d"), "c/d");
    assert.is(shownPath(ioAt("/a/b"), "/a/b"), ".");
    assert.is(shownPath(ioAt("/a/b"), "/a/c"), "/a/c");
  });
});
