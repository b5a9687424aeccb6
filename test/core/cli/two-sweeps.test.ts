import { join } from "node:path";
import * as assert from "uvu/assert";
import { listRuns } from "../../../core/run/read-run.ts";
import { suite } from "../../suite.ts";
import { command, makeProject, tinyYaml } from "./project.ts";

interface ComparedRun {
  readonly name: string;
  readonly config: { readonly name: string; readonly model: { readonly features: number } };
  readonly metrics: Readonly<Record<string, number>>;
}

suite("two sweeps of one project", (test, hooks) => {
  let project = "";
  hooks.before(async () => {
    project = makeProject({
      "wide.yaml": tinyYaml.replace("name: tiny", "name: wide").replace("features: 16\n", "features: 32\n"),
    });
    for (const config of ["tiny.yaml", "wide.yaml"]) {
      const { code, err } = await command(project, ["run", config, "executor=in-process", "--quiet"]);
      assert.is(code, 0, err);
    }
  });

  test("lie in two folders, named after their configs", async () => {
    const { out } = await command(project, ["status"]);
    assert.match(out, /^runs\/tiny +2 /m);
    assert.match(out, /^runs\/wide +2 /m);
    for (const name of ["tiny", "wide"]) {
      const runs = await listRuns(join(project, "runs", name));
      assert.ok(runs.every(({ sweep }) => sweep === name));
    }
  });

  test("are compared in one table, which can be turned round", async () => {
    const words = ["compare", "runs/tiny", "runs/wide", "--sort", "flops-per-row"];
    const up = JSON.parse((await command(project, [...words, "--json"])).out) as ComparedRun[];
    const flops = up.map(({ metrics }) => metrics["cost/flops-per-row"]);
    assert.equal(flops, [256, 256, 512, 512]);
    const down = JSON.parse((await command(project, [...words, "--descending", "--json"])).out) as ComparedRun[];
    assert.equal(
      down.map(({ config }) => config.model.features),
      [32, 32, 16, 16],
    );
  });

  test("give one CSV with a line a run and every metric", async () => {
    const { out } = await command(project, ["compare", "runs/tiny", "runs/wide", "--csv"]);
    const [heading, ...lines] = out.trimEnd().split("\r\n");
    assert.match(heading!, /^id,name,sweep,state,model\.expert\.k,.*reconstruction\/mse/);
    assert.equal(
      lines.map((line) => line.split(",")[2]),
      ["tiny", "tiny", "wide", "wide"],
    );
  });

  test("share a report that names both", async () => {
    const { code, out } = await command(project, ["report", "runs/tiny", "runs/wide", "--out", "both.html"]);
    assert.equal([code, out], [0, "both.html\n"]);
  });

  test("are planned from what is done: each knows its own runs", async () => {
    const planned = JSON.parse((await command(project, ["plan", "wide.yaml", "--json"])).out) as {
      sweep: string;
      folder: string;
      runs: { state: string; axes: Record<string, unknown>; config: { device: { type: string } } }[];
    };
    assert.equal([planned.sweep, planned.folder], ["wide", join(project, "runs/wide")]);
    assert.equal(
      planned.runs.map(({ state, axes, config }) => [state, axes, config.device.type]),
      [1, 2].map((k) => ["done", { "model.expert.k": k }, "cpu"]),
    );
    const more = await command(project, ["plan", "wide.yaml", "model.expert.k=1,2,3"]);
    assert.match(more.out, /^wide: 3 runs, 2 done already/);
  });

  test("are asked for under another name and kept apart", async () => {
    const { out } = await command(project, ["plan", "wide.yaml", "name=other"]);
    assert.match(out, /^other: 2 runs, 0 done already, in runs\/other\n/);
  });

  test("are told from a folder that is no sweep, and from a file", async () => {
    for (const word of ["runs", "tiny.yaml", "runs/tiny/report.html"]) {
      const { code, err } = await command(project, ["compare", word]);
      assert.is(code, 1, word);
      assert.match(err, "SWEEP_NOT_FOUND");
    }
  });
});

suite("a plan with something to point out", (test) => {
  test("warns on standard error and plans twins once", async () => {
    const yaml = tinyYaml.replace("[1, 2]", "[1, 1, 2]");
    const { code, out, err } = await command(makeProject({ "twins.yaml": yaml }), ["plan", "twins.yaml"]);
    assert.is(code, 0);
    assert.match(out, /^tiny: 2 runs/);
    assert.match(err, /twins\.yaml:\d+:\d+[\s\S]*warning: k=1-2 is the same run as k=1/);
  });
});
