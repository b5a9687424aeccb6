import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../../suite.ts";
import { command, makeProject } from "./project.ts";

interface ComparedRun {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly config: { readonly model: { readonly features: number } };
  readonly metrics: Readonly<Record<string, number>>;
}

suite("commands over finished runs", (test, hooks) => {
  let project = "";
  hooks.before(async () => {
    project = makeProject();
    const { code, err } = await command(project, ["run", "tiny.yaml", "executor=in-process", "--quiet"]);
    assert.is(code, 0, err);
  });

  test("status shows every run, or every sweep", async () => {
    const sweep = await command(project, ["status", "runs/tiny"]);
    assert.match(sweep.out, /RUN +ID +STATE +STEP +LOSS\n(.* done +6\/6 +\d\S*\n){2}$/);
    const all = await command(project, ["status"]);
    assert.match(all.out, /SWEEP +DONE +RUNNING +INTERRUPTED +FAILED +PENDING\nruns\/tiny +2 +0 +0 +0 +0\n$/);
    const rows = JSON.parse((await command(project, ["status", "runs/tiny", "--json"])).out) as { step: number }[];
    assert.equal(
      rows.map(({ step }) => step),
      [6, 6],
    );
  });

  test("compare --json prints an array of id, name, state, config and metrics, and nothing else", async () => {
    const { code, out, err } = await command(project, ["compare", "runs/tiny", "--json"]);
    assert.equal([code, err], [0, ""]);
    const runs = JSON.parse(out) as ComparedRun[];
    for (const run of runs) {
      assert.equal(Object.keys(run), ["id", "name", "state", "config", "metrics"]);
      assert.equal([run.state, run.config.model.features], ["done", 16]);
      assert.ok(Number.isFinite(run.metrics["reconstruction/mse"]) && Number.isFinite(run.metrics["cost/step-ms"]));
    }
    assert.is(runs.length, 2);
  });

  test("compare sorts, chooses columns and writes CSV", async () => {
    const table = await command(project, ["compare", "runs/tiny", "--sort", "mse", "--metrics", "mse,l0"]);
    assert.match(table.out, /^run +mse +l0 +state\nk=2[\s\S]*\nk=1/);
    const csv = await command(project, ["compare", "runs/tiny", "--csv", "--metrics", "mse"]);
    assert.match(csv.out, /^id,name,sweep,state,model\.expert\.k,reconstruction\/mse\r\n/);
  });

  test("compare with an unknown metric, or both formats, says so", async () => {
    const unknown = await command(project, ["compare", "runs/tiny", "--sort", "msee"]);
    assert.is(unknown.code, 1);
    assert.match(unknown.err, /UNKNOWN_METRIC[\s\S]*mse/);
    assert.is((await command(project, ["compare", "runs/tiny", "--csv", "--json"])).code, 2);
  });

  test("similarity compares the runs that are named, and says so where there are no two", async () => {
    const runs = readdirSync(join(project, "runs/tiny")).filter((name) => name.startsWith("k="));
    const folders = runs.map((name) => `runs/tiny/${name}`);
    const { code, out, err } = await command(project, ["similarity", ...folders]);
    assert.equal([code, err], [0, ""]);
    assert.match(out, /^A +B +A IN B +B IN A\nk=1 +k=2 +[01]\.\d{4} +[01]\.\d{4}\n$/);
    const json = await command(project, ["similarity", ...folders, "--json"]);
    const [pair] = JSON.parse(json.out) as { a: { name: string }; aInB: number; steps: number[] }[];
    assert.equal([pair!.a.name, pair!.steps], ["k=1", [6, 6]]);
    assert.ok(out.includes(pair!.aInB.toFixed(4)));
    const alone = await command(project, ["similarity", "runs/tiny"]);
    assert.is(alone.code, 1);
    assert.match(alone.err, /NOTHING_TO_COMPARE[\s\S]*2 runs that differ in more than the seed/);
  });

  test("similarity and compare --similarity compare seeds", async () => {
    const seeded = makeProject({ "seeds.yaml": "extends: tiny.yaml\nname: seeds\nsweep: { grid: null, seeds: 3 }\n" });
    const trained = await command(seeded, ["run", "seeds.yaml", "executor=in-process", "--quiet"]);
    assert.is(trained.code, 0, trained.err);
    const { out } = await command(seeded, ["similarity", "runs/seeds"]);
    assert.match(
      out,
      /(seed=\d +seed=\d +0\.\d{4} +0\.\d{4}\n){3}\nMEAN OF +RUNS +MMCS\nseeds +3 +0\.\d{4} \+- 0\.\d{4}\n$/,
    );
    const table = await command(seeded, ["compare", "runs/seeds", "--metrics", "mse", "--similarity"]);
    assert.match(table.out, /^run +mse +seed-mmcs +state\nseeds \(3 seeds\) .* 0\.\d+ \+- 0\.\d+ +done\n/);
    assert.is((await command(seeded, ["compare", "runs/seeds", "--similarity", "--csv"])).code, 2);
  });

  test("report writes one HTML file where it is told to", async () => {
    const { code, out } = await command(project, ["report", "runs/tiny", "--out", "page.html"]);
    assert.equal([code, out], [0, "page.html\n"]);
    assert.match(readFileSync(join(project, "page.html"), "utf8"), /^<!doctype html>/i);
    await command(project, ["report", "runs/tiny"]);
    assert.ok(existsSync(join(project, "runs/tiny/report.html")));
  });

  test("plan knows what is done already", async () => {
    assert.match((await command(project, ["plan", "tiny.yaml"])).out, /^tiny: 2 runs, 2 done already/);
    assert.match((await command(project, ["plan", "tiny.yaml", "seed=1"])).out, /^tiny: 2 runs, 0 done already/);
  });

  test("say so when a folder holds no runs", async () => {
    for (const name of ["status", "compare", "report"]) {
      const { code, out, err } = await command(project, [name, "runs/absent"]);
      assert.equal([code, out], [1, ""], name);
      assert.match(err, /SWEEP_NOT_FOUND[\s\S]*runs\/absent/);
    }
    assert.match((await command(makeProject(), ["status"])).err, /SWEEP_NOT_FOUND[\s\S]*switchyard run/);
  });

  test("tell of a folder from another version and still show the others", async () => {
    const mixed = makeProject({ "runs/tiny/foreign-01234567/run.json": '{"format": 99}' });
    await command(mixed, ["run", "tiny.yaml", "executor=in-process", "--quiet"]);
    const { code, out, err } = await command(mixed, ["compare", "runs/tiny", "--json"]);
    assert.is(code, 0);
    assert.match(err, /RUN_FORMAT[\s\S]*foreign-01234567/);
    assert.is((JSON.parse(out) as unknown[]).length, 2);
  });
});
