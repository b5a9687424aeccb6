import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as assert from "uvu/assert";
import { packageRoot } from "../../core/package-root.ts";
import { catalogue } from "../../plugins/catalogue.ts";
import { exampleOptions } from "../conformance/example-options.ts";
import { suite } from "../suite.ts";
import { cpuDevice } from "../../kernels/devices/cpu.ts";

const text = readFileSync(join(packageRoot, "docs", "metrics.md"), "utf8");
const blocksOf = (mark: string): ReadonlyMap<string, string> =>
  new Map(
    [...text.matchAll(new RegExp(`^\`\`\`\\w+ ${mark}:(\\S+)\\n([^]*?)^\`\`\`$`, "gm"))].map(([, a, b]) => [a!, b!]),
  );
const examples = blocksOf("example");
const prints = blocksOf("prints");

suite("docs/metrics.md", (test) => {
  test("has an executed example for every family of metrics, each with what it prints", () => {
    const families = ["reconstruction", "sparsity", "language-model", "routing", "duplication", "geometry", "recovery"];
    for (const family of families) assert.ok(examples.has(family), family);
    assert.equal([...prints.keys()], [...examples.keys()]);
  });

  test(
    "shows examples that print what it says they print",
    () => {
      const folder = mkdtempSync(join(tmpdir(), "switchyard-metrics-"));
      try {
        for (const name of ["core", "kernels", "plugins", "test", "node_modules", "package.json"]) {
          symlinkSync(join(packageRoot, name), join(folder, name));
        }
        for (const [name, code] of examples) writeFileSync(join(folder, `${name}.ts`), code);
        const all = [...examples.keys()].flatMap((name) => [
          `console.log(${JSON.stringify(`--- ${name}`)});`,
          `await import(${JSON.stringify(`./${name}.ts`)});`,
        ]);
        writeFileSync(join(folder, "all.ts"), all.join("\n"));
        const tsx = pathToFileURL(join(packageRoot, "node_modules", "tsx", "dist", "loader.mjs")).href;
        const { stdout, stderr } = spawnSync(process.execPath, ["--import", tsx, "all.ts"], {
          cwd: folder,
          encoding: "utf8",
        });
        const expected = [...prints].map(([name, lines]) => `--- ${name}\n${lines}`).join("");
        assert.is(stdout, expected, stderr);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
    { timeoutMs: 60_000 },
  );

  test("lists every metric of every shipped evaluator in its section", async () => {
    const { tf, kernels } = await cpuDevice.open();
    const names = Object.keys(catalogue).filter((key) => key.startsWith("evaluator/"));
    assert.ok(names.length >= 8, names.join());
    for (const key of names) {
      const plugin = await catalogue[key]!();
      const given = key === "evaluator/reconstruction" ? { compat: true } : {};
      const evaluator = (await plugin.create(
        exampleOptions(plugin.options, given) as never,
        { tf, kernels } as never,
      )) as {
        readonly metrics: Readonly<Record<string, unknown>>;
      };
      const start = text.indexOf(`\n## ${plugin.name}\n`);
      assert.ok(start >= 0, `a section "${plugin.name}"`);
      const end = text.indexOf("\n## ", start + 1);
      const section = text.slice(start, end < 0 ? undefined : end);
      for (const metric of Object.keys(evaluator.metrics).filter((name) => !/-at-\d/.test(name))) {
        assert.ok(section.includes(`| \`${metric}\``), `${plugin.name}/${metric} is in no table`);
      }
    }
  });
});
