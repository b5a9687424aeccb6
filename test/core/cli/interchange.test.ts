import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { readSae } from "../../../core/interchange/read-sae.ts";
import { suite } from "../../suite.ts";
import { assertClose, computedBy, expectedOf, fixture } from "../interchange/fixtures.ts";
import { command, makeProject, tinyYaml } from "./project.ts";

const yaml = tinyYaml.replace(
  /source: .*/,
  "source: { type: activations, paths: [acts], tensor: acts, heldOutRows: 16 }\nexecutor: in-process",
);

/** A project whose held-out rows are those of a fixture's forward pass. */
function projectWith(name: string): string {
  const project = makeProject({ "tiny.yaml": yaml, "acts/readme.txt": "" });
  cpSync(fixture("sparsify", "expected.safetensors"), join(project, "acts", "a.safetensors"));
  cpSync(fixture(name, "expected.safetensors"), join(project, "acts", "b.safetensors"));
  return project;
}

interface Printed {
  readonly name: string;
  readonly state: string;
  readonly metrics: Readonly<Record<string, number>>;
}

/** Mean over rows of the squared error, summed over the width, in float64. */
async function mseOf(name: string): Promise<number> {
  const { acts, reconstruction, numRows } = await expectedOf(name);
  return acts.reduce((sum, x, i) => sum + (x - reconstruction[i]!) ** 2, 0) / numRows;
}

suite("import", (test) => {
  for (const [name, path] of [
    ["switch-sae", "switch-sae"],
    ["openai-top-k", "openai-top-k/model.pt"],
    ["saelens-jumprelu", "saelens-jumprelu"],
  ] as const) {
    test(`${name}: the run's evaluation is that of the library's forward pass`, async () => {
      const project = projectWith(name);
      const { code, out, err } = await command(project, ["import", fixture(path), "--into", "tiny.yaml", "--json"]);
      assert.is(code, 0, err);
      const [run] = JSON.parse(out) as Printed[];
      assert.equal([run?.name, run?.state], [name, "done"]);
      const [mse, expected] = [run?.metrics["reconstruction/mse"] ?? Number.NaN, await mseOf(name)];
      assert.ok(Math.abs(mse - expected) <= 1e-5 * expected, `${mse}, expected ${expected}`);
      assert.is(run?.metrics["cost/training-flops"], 0, "nothing was trained here");
    });
  }

  test("makes a run like any other: status, compare, report, and a second time nothing", async () => {
    const project = projectWith("switch-sae");
    assert.is((await command(project, ["run", "tiny.yaml", "--quiet"])).code, 0);
    const words = ["import", fixture("switch-sae", "ae.pt"), "--into", "tiny.yaml", "--name", "authors"];
    const first = await command(project, words);
    assert.match(first.out, /authors.* done\n[\s\S]*run: runs\/tiny\/authors-[0-9a-f]{8}\n$/);
    assert.match(first.err, /Read as switch-sae, SwitchAutoEncoder\./);
    assert.match((await command(project, words)).err, /there already/);
    assert.match((await command(project, ["status", "runs/tiny"])).out, /authors +[0-9a-f]{12} +done +0\/6/);
    assert.match((await command(project, ["compare", "runs/tiny"])).out, /authors/);
    assert.is((await command(project, ["report", "runs/tiny"])).code, 0);
    assert.match((await command(project, ["plan", "tiny.yaml"])).out, /2 runs, 2 done already/);
    const folder = join(project, /run: (\S+)/.exec(first.out)?.[1] ?? "");
    const record = readFileSync(join(folder, "run.json"), "utf8");
    const provenance = readFileSync(join(folder, "provenance.json"), "utf8");
    for (const text of [record, provenance]) {
      assert.match(text, /"imported": \{\s+"format": "switch-sae",\s+"architecture": "SwitchAutoEncoder"/);
      assert.match(text, /switch-sae\/ae\.pt",\s+"sha256": "[0-9a-f]{64}"/);
    }
    assert.match(
      readFileSync(join(folder, "config.sources.json"), "utf8"),
      /"model.router.type": \{\s+"origin": ".*ae\.pt"/,
    );
  });

  test("another evaluation evaluates again", async () => {
    const project = projectWith("sparsify");
    const words = ["import", fixture("sparsify"), "--into", "tiny.yaml", "--json"];
    await command(project, words);
    const { out, code } = await command(project, [...words, "evaluation.evaluators=[sparsity]"]);
    assert.is(code, 0);
    const [run] = JSON.parse(out) as Printed[];
    assert.equal([run?.metrics["reconstruction/mse"], run?.metrics["sparsity/l0"]], [undefined, 5]);
  });

  test("refuses what it would have to ignore, and words that are wrong", async () => {
    const project = projectWith("sparsify");
    const refused = async (pattern: RegExp, code: number, words: readonly string[]): Promise<void> => {
      const result = await command(project, ["import", ...words]);
      assert.is(result.code, code, result.err);
      assert.match(result.err + result.out, pattern);
    };
    const into = [fixture("sparsify"), "--into", "tiny.yaml"];
    await refused(/needs --into/, 2, [fixture("sparsify")]);
    await refused(/model\.features=8[\s\S]*says what model is/, 2, [...into, "model.features=8"]);
    await refused(/one run/, 2, [...into, "seed=1,2"]);
    await refused(/FLAG_VALUE[\s\S]*dictionary-learning/, 2, [...into, "--format", "jax"]);
    await refused(/FILE_MISSING[\s\S]*config\.yaml/, 1, [
      join(fixture("sparsify"), ".."),
      ...into.slice(1),
      "--format",
      "switchyard",
    ]);
    await refused(/FILE_MISSING/, 1, ["nothing.pt", ...into.slice(1)]);
    await refused(/FOREIGN_FORMAT_UNKNOWN/, 1, ["acts", ...into.slice(1)]);
    await refused(/source/, 2, [...into, "source.heldOutRows=99"]);
    writeFileSync(
      join(project, "wide.yaml"),
      yaml.replace(
        /source: .*/,
        "source: { type: synthetic, width: 9, features: 16, activeFeatures: 2, rows: 64, heldOutRows: 16 }",
      ),
    );
    await refused(/IMPORT_WIDTH[\s\S]*width 9[\s\S]*width 8/, 2, [fixture("sparsify"), "--into", "wide.yaml"]);
    assert.not.ok(existsSync(join(project, "runs")), "nothing was written");
  });
});

suite("export", (test) => {
  test("writes a run that is read back and computes the same", async () => {
    const project = projectWith("switch-sae");
    const { out } = await command(project, ["import", fixture("switch-sae"), "--into", "tiny.yaml"]);
    const folder = /run: (\S+)/.exec(out)?.[1] ?? "";
    const { acts, reconstruction } = await expectedOf("switch-sae");
    for (const format of ["switch-sae", "switchyard"]) {
      const result = await command(project, ["export", folder, "--format", format, "--to", `out/${format}`]);
      assert.equal([result.code, result.out.trim().split("\n").length], [0, 2], result.err);
      const written = await readSae(join(project, "out", format));
      assert.is(written.format, format);
      assertClose((await computedBy(written, acts)).reconstruction, reconstruction, 1e-5, format);
    }
    const refused = await command(project, ["export", folder, "--format", "saelens", "--to", "out/saelens"]);
    assert.is(refused.code, 1);
    assert.match(refused.err, /EXPORT_IMPOSSIBLE[\s\S]*no architecture/);
  });

  test("writes a trained run with normalised activations in raw units, for SAELens too", async () => {
    const project = projectWith("sparsify");
    const words = [
      "model.router=none",
      "model.normaliseActivations=expected-average-norm",
      "~sweep",
      "--json",
      "--quiet",
    ];
    const run = await command(project, ["run", "tiny.yaml", ...words]);
    assert.is(run.code, 0, run.err);
    const [trained] = JSON.parse(run.out) as Printed[];
    const status = await command(project, ["status", "runs/tiny", "--json"]);
    const [row] = JSON.parse(status.out) as { id: string; name: string }[];
    const folder = `runs/tiny/${row!.name}-${row!.id.slice(0, 8)}`;
    const exported = await command(project, ["export", folder, "--format", "saelens", "--to", "out/lens"]);
    assert.is(exported.code, 0, exported.err);
    const again = await command(project, ["import", "out/lens", "--into", "tiny.yaml", "--json"]);
    const [imported] = JSON.parse(again.out) as Printed[];
    const [before, after] = [trained, imported].map((each) => each?.metrics["reconstruction/mse"] ?? Number.NaN);
    assert.ok(Math.abs(before! - after!) <= 1e-5 * before!, `${before} and ${after}`);
  });

  test("refuses a folder in use, a run that is not done, and a format that it does not write", async () => {
    const project = projectWith("sparsify");
    const { out } = await command(project, ["import", fixture("sparsify"), "--into", "tiny.yaml"]);
    const folder = /run: (\S+)/.exec(out)?.[1] ?? "";
    const cases: readonly (readonly [RegExp, number, readonly string[]])[] = [
      [/not empty/, 2, [folder, "--format", "saelens", "--to", "acts"]],
      [/saelens or switch-sae or switchyard/, 2, [folder, "--format", "openai", "--to", "x"]],
      [/needs --format/, 2, [folder, "--to", "x"]],
      [/needs --to/, 2, [folder, "--format", "saelens"]],
      [/RUN_FOLDER_BROKEN/, 1, ["acts", "--format", "saelens", "--to", "x"]],
    ];
    for (const [pattern, code, words] of cases) {
      const result = await command(project, ["export", ...words]);
      assert.is(result.code, code, result.err);
      assert.match(result.err, pattern);
    }
    writeFileSync(join(project, folder, "evaluation.json"), "");
    const interrupted = await command(project, ["export", folder, "--format", "saelens", "--to", "x"]);
    assert.match(interrupted.err, /EXPORT_NO_CHECKPOINT[\s\S]*interrupted/);
  });
});
