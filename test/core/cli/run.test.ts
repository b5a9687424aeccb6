import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { listRuns } from "../../../core/run/read-run.ts";
import { suite } from "../../suite.ts";
import { command, launch, makeProject, tinyYaml } from "./project.ts";

const exploding = `
import { definePlugin, Type } from "switchyard";
export const explodes = definePlugin({
  kind: "loss",
  name: "explodes",
  version: "1",
  summary: "Throws.",
  options: Type.Object({}),
  create: () => ({ weight: () => 1, compute: () => { throw new RangeError("this loss always throws"); } }),
});
`;

suite("switchyard run", (test) => {
  test(
    "runs a sweep in workers: table and report on standard output, progress beside it, all folders done",
    async () => {
      const project = makeProject();
      const { code, out, err } = await launch(project, ["run", "tiny.yaml"]).result;
      assert.is(code, 0, err);
      assert.match(out, /^\nrun\s+mse\s+fvu\s+l0/);
      assert.match(out, /report: runs\/tiny\/report\.html\n$/);
      assert.match(err, /2 runs to do[\s\S]*started on cpu/);
      const runs = await listRuns(join(project, "runs/tiny"));
      assert.equal(
        runs.map(({ state, axes }) => [state, axes["model.expert.k"]]),
        [
          ["done", 1],
          ["done", 2],
        ],
      );
      assert.ok(existsSync(join(project, ".switchyard/schema.json")));
      const again = await command(project, ["run", "tiny.yaml", "--json", "--quiet"]);
      assert.equal([again.code, again.err], [0, "report: runs/tiny/report.html\n"]);
      assert.equal(
        (JSON.parse(again.out) as { state: string }[]).map(({ state }) => state),
        ["done", "done"],
      );
      for (const run of runs) assert.equal(readdirSync(join(run.folder, "attempts")), ["1"], "nothing ran again");
    },
    { timeoutMs: 60_000 },
  );

  test(
    "with a failing plugin runs the others, exits with 1, and says which, why and where the log is",
    async () => {
      const yaml = tinyYaml
        .replace(/sweep:[\s\S]*/, "")
        .concat(
          "plugins: [./explodes.js]\n",
          "sweep: { grid: { losses: [[reconstruction], [reconstruction, explodes]] } }\n",
        );
      const project = makeProject({ "broken.yaml": yaml, "explodes.js": exploding });
      const { code, out, err } = await command(project, ["run", "broken.yaml"]);
      assert.is(code, 1, err);
      assert.match(err, /1 run failed; the others are not affected\.[\s\S]*this loss always throws/);
      const log = /log {7}(\S+)/.exec(err)?.[1];
      assert.match(readFileSync(join(project, log!), "utf8"), /RangeError: this loss always throws\n\s+at /);
      assert.not(/\n\s+at .*:\d+/.test(err), "no stack on the terminal");
      const states = (await listRuns(join(project, "runs/tiny"))).map(({ state }) => state);
      assert.equal(states.sort(), ["done", "failed"]);
      assert.match(out, /done[\s\S]*failed/);
    },
    { timeoutMs: 60_000 },
  );

  test("with a wrong config exits with 2, shows the place, and writes nothing", async () => {
    const project = makeProject({ "wrong.yaml": tinyYaml.replace("k: 2 }", "kk: 2 }") });
    const { code, out, err } = await command(project, ["run", "wrong.yaml"]);
    assert.equal([code, out], [2, ""]);
    assert.match(err, /wrong\.yaml:7:26[\s\S]*UNKNOWN_KEY/);
    assert.not(existsSync(join(project, "runs")));
  });

  test("with --json prints diagnostics as JSON and nothing else", async () => {
    const project = makeProject({ "wrong.yaml": tinyYaml.replace("steps: 6", "steps: many") });
    const { code, out, err } = await command(project, ["run", "wrong.yaml", "--json"]);
    assert.equal([code, err], [2, ""]);
    const { diagnostics } = JSON.parse(out) as { diagnostics: { path: string; where: { line: number } }[] };
    assert.equal([diagnostics[0]?.path, diagnostics[0]?.where.line], ["training.steps", 8]);
  });

  test("with a missing config says so and exits with 2", async () => {
    const { code, err } = await command(makeProject(), ["run", "absent.yaml"]);
    assert.is(code, 2);
    assert.match(err, "absent.yaml");
  });

  test(
    "writes where --runs says, in process when the config says so, and starts over with --rerun all",
    async () => {
      const project = makeProject();
      const words = ["run", "tiny.yaml", "executor=in-process", "sweep.grid.model.expert.k=[2]", "--runs", "elsewhere"];
      const first = await command(project, words);
      assert.is(first.code, 0, first.err);
      const [run] = await listRuns(join(project, "elsewhere/tiny"));
      const checkpoint = join(run!.folder, "checkpoints/step-00000006.safetensors");
      const before = readFileSync(checkpoint);
      const again = await command(project, [...words, "--rerun", "all"]);
      assert.is(again.code, 0, again.err);
      assert.equal(readdirSync(join(run!.folder, "attempts")), ["1", "2"]);
      assert.ok(readFileSync(checkpoint).equals(before), "the same bits again");
    },
    { timeoutMs: 60_000 },
  );

  test("with a source that fails blames it for its runs and exits with 1", async () => {
    const project = makeProject({
      "plugins/source/moody.js": `
        import { definePlugin, Type } from "switchyard";
        export const moody = definePlugin({
          kind: "source", name: "moody", version: "1", summary: "Fails.", options: Type.Object({}),
          facts: () => ({ width: 8, fingerprint: "moody", description: "" }),
          create: () => { throw new Error("the archive is gone"); },
        });`,
      "moody.yaml": tinyYaml.replace(/source: .*/, "source: moody"),
    });
    const { code, err } = await command(project, ["run", "moody.yaml"]);
    assert.is(code, 1);
    assert.match(err, /2 runs failed[\s\S]*the archive is gone/);
    const runs = await listRuns(join(project, "runs/tiny"));
    assert.equal(
      runs.map(({ state }) => state),
      ["failed", "failed"],
    );
  });

  test(
    "with a run folder from another version fails that run and leaves the folder alone",
    async () => {
      const project = makeProject();
      const plan = await command(project, ["plan", "tiny.yaml", "--json"]);
      const { runs } = JSON.parse(plan.out) as { runs: { name: string; id: string }[] };
      const foreign = `runs/tiny/${runs[0]!.name}-${runs[0]!.id.slice(0, 8)}/run.json`;
      const text = '{"format": 99}';
      const fresh = makeProject({ [foreign]: text });
      const { code, err } = await command(fresh, ["run", "tiny.yaml"]);
      assert.is(code, 1);
      assert.match(err, /RUN_FORMAT[\s\S]*format 99/);
      assert.is(readFileSync(join(fresh, foreign), "utf8"), text);
    },
    { timeoutMs: 60_000 },
  );
});
