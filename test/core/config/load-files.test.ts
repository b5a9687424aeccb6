import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { composeConfig } from "../../../core/config/compose.ts";
import { loadFiles, type LoadedFiles } from "../../../core/config/load-files.ts";
import { toPlain } from "../../../core/config/node.ts";
import { suite } from "../../suite.ts";
import { compose, diagnosticsOf, marks, paths, resolve, smallest } from "./fixtures.ts";

async function merged(text: string, files: Record<string, string>): Promise<unknown> {
  return toPlain((await compose(text, { files })).root);
}

suite("extends", (test) => {
  test("lays a config over its base: maps merge, lists and values are replaced", async () => {
    const base = "seed: 1\ntraining: { steps: 5, batchSize: 8 }\nlosses: [reconstruction, load-balance]\n";
    assert.equal(
      await merged("extends: base.yaml\ntraining: { steps: 9 }\nlosses: [reconstruction]\n", { "base.yaml": base }),
      {
        seed: 1,
        training: { steps: 9, batchSize: 8 },
        losses: [{ type: "reconstruction" }],
      },
    );
  });

  test("later bases win over earlier ones, the config over all", async () => {
    const files = { "a.yaml": "x: 1\ny: 1\nz: 1", "b.yaml": "y: 2\nz: 2" };
    assert.equal(await merged("extends: [a.yaml, b.yaml]\nz: 3", files), { x: 1, y: 2, z: 3 });
  });

  test("bases extend others, each relative to itself", async () => {
    const files = {
      "base/a.yaml": "extends: ../other/b.yaml\nx: 1",
      "other/b.yaml": "extends: c.yaml\ny: 2",
      "other/c.yaml": "z: 3",
    };
    assert.equal(await merged("extends: base/a.yaml", files), { z: 3, y: 2, x: 1 });
  });

  test("the same base may be reached twice", async () => {
    const files = { "a.yaml": "extends: c.yaml\na: 1", "b.yaml": "extends: c.yaml\nb: 1", "c.yaml": "c: 1" };
    assert.equal(await merged("extends: [a.yaml, b.yaml]", files), { c: 1, a: 1, b: 1 });
  });

  test("another plugin replaces the old one with its options; the same plugin keeps them", async () => {
    const files = { "base.yaml": "model: { router: { type: top-e, experts: 8, e: 3 } }" };
    assert.equal(await merged("extends: base.yaml\nmodel: { router: { type: switch, experts: 4 } }", files), {
      model: { router: { type: "switch", experts: 4 } },
    });
    assert.equal(await merged("extends: base.yaml\nmodel: { router: switch }", files), {
      model: { router: { type: "switch" } },
    });
    assert.equal(await merged("extends: base.yaml\nmodel: { router: { experts: 4 } }", files), {
      model: { router: { type: "top-e", experts: 4, e: 3 } },
    });
    assert.equal(await merged("extends: base.yaml\nmodel: { router: top-e }", files), {
      model: { router: { type: "top-e", experts: 8, e: 3 } },
    });
  });

  test("null unsets: the default returns, except where null is a value", async () => {
    const files = { "base.yaml": `${smallest}training: { steps: 5, gradientClip: 2, schedule: linear-decay }\n` };
    const text = "extends: base.yaml\ntraining: { steps: null, gradientClip: null, schedule: null }\n";
    const { training } = (await resolve(text, { files })).config;
    assert.is(training.steps, 1000);
    assert.is(training.gradientClip, null);
    assert.equal(training.schedule, { type: "constant" });
  });

  test("null unsets a whole plugin, and a required one is then missing", async () => {
    const files = { "base.yaml": `${smallest}losses: [load-balance]\n` };
    assert.equal((await resolve("extends: base.yaml\nlosses: null\n", { files })).config.losses, [
      { type: "reconstruction", weight: 1 },
    ]);
    const found = await diagnosticsOf(resolve("extends: base.yaml\nsource: null\n", { files }));
    assert.equal(marks(found), ["MISSING_KEY exp.yaml:1:1"]);
  });

  test("every value knows its file", async () => {
    const composition = await compose("extends: base.yaml\ntraining: { steps: 9 }", {
      files: { "base.yaml": "training:\n  batchSize: 8\n" },
    });
    assert.equal(composition.place("training.steps"), {
      file: "exp.yaml",
      line: 2,
      column: 20,
      endLine: 2,
      endColumn: 21,
    });
    assert.equal(composition.place("training.batchSize"), {
      file: "base.yaml",
      line: 2,
      column: 14,
      endLine: 2,
      endColumn: 15,
    });
    assert.equal(composition.files, ["/project/exp.yaml", "/project/base.yaml"]);
  });

  test("a circle is reported where it closes, with all its files", async () => {
    const files = { "a.yaml": "extends: b.yaml", "b.yaml": "x: 1\nextends: [a.yaml]" };
    const [found, ...others] = await diagnosticsOf(compose("extends: a.yaml", { files }));
    assert.equal(others, []);
    assert.is(found?.message, "These configs extend each other in a circle: a.yaml -> b.yaml -> a.yaml.");
    assert.equal(marks([found!]), ["EXTENDS_CYCLE b.yaml:2:11"]);
  });

  test("a config that extends itself is a circle too", async () => {
    assert.equal(marks(await diagnosticsOf(compose("extends: exp.yaml"))), ["EXTENDS_CYCLE exp.yaml:1:10"]);
  });

  const refused: readonly (readonly [string, string, readonly string[]])[] = [
    ["a base that is not there", "extends: [base.yaml]", ["CONFIG_FILE_MISSING exp.yaml:1:11"]],
    ["a number", "extends: 5", ["EXTENDS_INVALID exp.yaml:1:10"]],
    ["an interpolation", "extends: ${env:BASE}", ["EXTENDS_INVALID exp.yaml:1:10"]],
    ["an empty name", 'extends: ""', ["EXTENDS_INVALID exp.yaml:1:10"]],
    ["a map", "extends: { a: b }", ["EXTENDS_INVALID exp.yaml:1:10"]],
  ];
  for (const [name, text, expected] of refused) {
    test(`refuses ${name}`, async () => {
      assert.equal(marks(await diagnosticsOf(compose(text))), expected);
    });
  }

  test("problems of all files are reported together", async () => {
    const files = { "a.yaml": "x: [", "b.yaml": "- 1" };
    const codes = marks(await diagnosticsOf(compose("extends: [a.yaml, b.yaml, c.yaml]\ny: 1\ny: 2", { files })));
    assert.equal(codes.toSorted(), [
      "CONFIG_FILE_MISSING exp.yaml:1:27",
      "CONFIG_NOT_A_MAP b.yaml:1:1",
      "YAML_DUPLICATE_KEY exp.yaml:3:1",
      "YAML_SYNTAX a.yaml:1:5",
    ]);
  });
});

suite("reading config files", (test) => {
  const codesOf = async (text: string | Uint8Array): Promise<readonly string[]> =>
    marks(await diagnosticsOf(compose(text)));

  test("refuses what is no map, at its first line", async () => {
    assert.equal(await codesOf(""), ["CONFIG_EMPTY exp.yaml:1:1"]);
    assert.equal(await codesOf("# nothing\n"), ["CONFIG_EMPTY exp.yaml:1:1"]);
    assert.equal(await codesOf("- a\n- b\n"), ["CONFIG_NOT_A_MAP exp.yaml:1:1"]);
    assert.equal(await codesOf("hello"), ["CONFIG_NOT_A_MAP exp.yaml:1:1"]);
  });

  test("refuses what is no UTF-8 text", async () => {
    assert.equal(await codesOf(Uint8Array.of(0xff, 0xfe, 0x61, 0x00)), ["CONFIG_NOT_TEXT exp.yaml:1:1"]);
    assert.equal(await codesOf(Uint8Array.of(0x61, 0x3a, 0xff)), ["CONFIG_NOT_TEXT exp.yaml:1:1"]);
    assert.equal(await codesOf(Uint8Array.of(0x61, 0x00, 0x62)), ["CONFIG_NOT_TEXT exp.yaml:1:1"]);
  });

  test("reads past a byte order mark, with a warning", async () => {
    const { warnings, root } = await compose(`\ufeff${smallest}`);
    assert.equal(marks(warnings), ["CONFIG_BYTE_ORDER_MARK exp.yaml:1:1"]);
    assert.ok(root.entries.has("source"));
  });

  test("explains what the disk says: no file, nearly that name, a folder", async () => {
    const folder = await mkdtemp(join(tmpdir(), "switchyard-"));
    try {
      await writeFile(join(folder, "quickstart.yaml"), smallest);
      const load = (file: string): Promise<LoadedFiles> => loadFiles({ file, projectFolder: folder });
      assert.equal((await load("quickstart.yaml")).diagnostics, []);
      const [missing] = (await load("quikstart.yaml")).diagnostics;
      assert.is(missing?.code, "CONFIG_FILE_MISSING");
      assert.equal(missing?.suggestions, ["quickstart.yaml"]);
      assert.equal(missing?.where, { file: "quikstart.yaml", line: 1, column: 1, endLine: 1, endColumn: 2 });
      const [isFolder] = (await load(".")).diagnostics;
      assert.is(isFolder?.code, "CONFIG_FILE_IS_FOLDER");
      assert.equal(isFolder?.suggestions, ["./quickstart.yaml"]);
      const [below] = (await load("quickstart.yaml/x.yaml")).diagnostics;
      assert.is(below?.code, "CONFIG_FILE_MISSING");
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("another refusal of the disk keeps its reason", async () => {
    const readBytes = (): Promise<Uint8Array> => Promise.reject(Object.assign(new Error("denied"), { code: "EACCES" }));
    const [found] = await diagnosticsOf(
      composeConfig({ file: "x.yaml", projectFolder: paths.projectFolder, readBytes }),
    );
    assert.is(found?.code, "CONFIG_FILE_UNREADABLE");
    assert.is(found?.received, "EACCES");
  });

  test("names the sweep after the file, in letters that a folder takes", async () => {
    assert.is((await compose(smallest, { file: "configs/k sweep (2).yaml" })).defaultName, "k-sweep-2-");
    assert.is((await compose(smallest, { file: "deep/er/fig2.yml" })).defaultName, "fig2");
  });

  test("lists the requested plugins with their places", async () => {
    const { plugins } = await compose(`${smallest}plugins:\n  - ./mine.ts\n  - a-package\n`);
    assert.equal(
      plugins.map(({ specifier }) => specifier),
      ["./mine.ts", "a-package"],
    );
    assert.equal(plugins[1]?.where, { file: "exp.yaml", line: 7, column: 5, endLine: 7, endColumn: 14 });
    assert.equal(marks(await diagnosticsOf(compose(`${smallest}plugins: mine.ts\n`))), ["WRONG_TYPE exp.yaml:5:10"]);
    assert.equal(marks(await diagnosticsOf(compose(`${smallest}plugins: [1]\n`))), ["WRONG_TYPE exp.yaml:5:11"]);
  });
});
