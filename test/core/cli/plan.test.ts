import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as assert from "uvu/assert";
import { suite } from "../../suite.ts";
import { command, makeProject, tinyYaml } from "./project.ts";

interface PlannedJson {
  readonly sweep: string;
  readonly runs: readonly {
    readonly id: string;
    readonly name: string;
    readonly state: string;
    readonly shape: { readonly features: number; readonly experts: number };
    readonly cost: { readonly parameters: number; readonly flopsPerRow: number };
  }[];
}

const thousand = tinyYaml
  .replace("model.expert.k: [1, 2]", "model.router.experts: [1, 2, 4, 8]\n    model.features: [16, 32, 64, 128, 256]")
  .concat("  seeds: 50\n");

suite("switchyard plan", (test) => {
  test("shows count, size, cost and state of every run, and writes nothing", async () => {
    const project = makeProject();
    const { code, out, err } = await command(project, ["plan", "tiny.yaml"]);
    assert.equal([code, err], [0, ""]);
    assert.match(out, /^tiny: 2 runs, 0 done already, in runs\/tiny\n/);
    assert.match(out, /RUN +ID +F +E +PARAMETERS +FLOP\/ROW +TRAINING +MEMORY +STATE\n(.*pending\n){2}/);
    assert.not(existsSync(`${project}/runs`));
    assert.not(existsSync(`${project}/.switchyard`));
  });

  test("accounts a row as the paper does: 4 D F/E for a Switch SAE", async () => {
    const { out } = await command(makeProject(), ["plan", "tiny.yaml", "--json"]);
    const { runs } = JSON.parse(out) as PlannedJson;
    // D = 8, F = 16, E = 2: encoder and decoder 2 * 8 * 16, decoder bias 8; router 2 * 8 and its bias, which is shared
    // with the decoder's or counted apart.
    assert.equal(
      runs.map(({ cost }) => cost.flopsPerRow),
      [4 * 8 * 8, 4 * 8 * 8],
    );
    assert.ok(runs.every(({ cost }) => cost.parameters >= 2 * 8 * 16 + 8 + 2 * 8));
  });

  test("takes overrides, axes among them", async () => {
    const words = ["plan", "tiny.yaml", "model.features=32,64", "--json"];
    const { runs } = JSON.parse((await command(makeProject(), words)).out) as PlannedJson;
    assert.equal(
      runs.map(({ shape }) => shape.features).sort((a, b) => a - b),
      [32, 32, 64, 64],
    );
  });

  test("shows the memory of a GPU where the device is one, and nothing of it elsewhere", async () => {
    const zip = "sweep: { zip: { seed: [0, 1], device: [cpu, webgpu] } }\n";
    const project = makeProject({ "mixed.yaml": tinyYaml.replace(/sweep:[\s\S]*/, zip) });
    const { out } = await command(project, ["plan", "mixed.yaml"]);
    assert.match(out, /MEMORY +GPU MEMORY +STATE\n.* - +pending\n.* [\d.]+ [KM]i?B +pending\n/);
    assert.match(out, /On a GPU a run takes about [\d.]+ [KM]i?B of its memory at most\./);
    const { runs } = JSON.parse((await command(project, ["plan", "mixed.yaml", "--json"])).out) as {
      readonly runs: readonly { readonly gpu?: { readonly memoryBytes: number } }[];
    };
    assert.is(runs[0]?.gpu, undefined);
    assert.ok((runs[1]?.gpu?.memoryBytes ?? 0) > 0);
    assert.not.match((await command(project, ["plan", "tiny.yaml"])).out, "GPU");
  });

  test("says why an axis over the device alone makes no further run", async () => {
    const project = makeProject({ "both.yaml": tinyYaml.replace("grid:", "grid:\n    device: [cpu, webgpu]") });
    const { out, err } = await command(project, ["plan", "both.yaml"]);
    assert.match(out, /^tiny: 2 runs/);
    assert.match(err, "a device does not change what a run is");
  });

  test("reports a k that no expert can give, with the place, and exits with 2", async () => {
    const { code, out, err } = await command(makeProject(), ["plan", "tiny.yaml", "model.features=2"]);
    assert.equal([code, out], [2, ""]);
    assert.match(err, /K_TOO_LARGE/);
  });

  test("shortens a long list unless --all is given", async () => {
    const project = makeProject({ "thousand.yaml": thousand });
    const short = await command(project, ["plan", "thousand.yaml"]);
    assert.match(short.out, /tiny: 1000 runs[\s\S]*\.\.\. and 990 more \(--all lists them\)/);
    const all = await command(project, ["plan", "thousand.yaml", "--all"]);
    assert.is(all.out.match(/pending/g)?.length, 1000);
  });

  test("of 1,000 runs loads no tensor library", () => {
    const project = makeProject({ "thousand.yaml": thousand });
    const launcher = fileURLToPath(new URL("../../../core/cli/switchyard.js", import.meta.url));
    const hook = fileURLToPath(new URL("./report-loaded-modules.js", import.meta.url));
    const result = spawnSync(process.execPath, ["--import", hook, launcher, "plan", "thousand.yaml"], {
      cwd: project,
      encoding: "utf8",
    });
    assert.is(result.status, 0, result.stderr);
    const loaded = result.stderr.split("\n").filter((line) => line.startsWith("loaded "));
    assert.ok(loaded.length > 3, "the hook saw modules");
    const heavy = loaded.filter((line) =>
      /node_modules\/(@tensorflow|@huggingface\/hub|inversify|vega|cli-progress)/.test(line),
    );
    assert.equal(heavy, []);
  });
});
