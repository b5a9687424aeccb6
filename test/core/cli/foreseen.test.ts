/** Nobody sees a stack who did not ask for one, whatever goes wrong, and results never mix with diagnostics. */
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { processIo } from "../../../core/cli/io.ts";
import { main } from "../../../core/cli/main.ts";
import { suite } from "../../suite.ts";
import { command, launch, makeProject, tinyYaml } from "./project.ts";

suite("what was not foreseen", (test) => {
  test("is one line with a code and the way to the stack", async () => {
    let err = "";
    const io = { cwd: "/", env: {}, isTerminal: false, columns: undefined, err: (text: string) => (err += text) };
    const broken = (): never => {
      throw new TypeError("cannot read properties of undefined");
    };
    assert.is(await main(["--version"], { ...io, out: broken }), 1);
    assert.match(err, /^Something unforeseen went wrong: cannot read.* \[INTERNAL\]\n {2}next .*SWITCHYARD_DEBUG=1/);
    err = "";
    assert.is(await main(["--version"], { ...io, env: { SWITCHYARD_DEBUG: "1" }, out: broken }), 1);
    assert.match(err, /^TypeError: cannot read.*\n\s+at /);
  });
});

suite("bad input on disk", (test) => {
  const cases: readonly (readonly [name: string, files: Readonly<Record<string, string>>, words: readonly string[]])[] =
    [
      ["an empty config", { "a.yaml": "" }, ["plan", "a.yaml"]],
      ["a config that is binary", { "a.yaml": "\u0000\u0001\u0002" }, ["plan", "a.yaml"]],
      ["a folder in place of a config", { "a.yaml/b": "" }, ["plan", "a.yaml"]],
      ["a text that is missing", textSource("absent.txt"), ["plan", "a.yaml"]],
      ["a checkpoint folder that is missing", textSource("tiny.yaml"), ["run", "a.yaml"]],
      ["a file in place of runs/", { runs: "", "a.yaml": tinyYaml }, ["run", "a.yaml", "--quiet"]],
    ];
  for (const [name, files, words] of cases) {
    test(`(${name}) is a message with a code, a place and no stack`, async () => {
      const { code, out, err } = await command(makeProject(files), words);
      assert.ok(code === 1 || code === 2, err);
      assert.match(err, /\[[A-Z]+(_[A-Z]+)+\]/);
      assert.not(err.includes("INTERNAL") || /\n\s+at .*:\d+:\d+/.test(err), err);
      assert.not(out.includes("["), out);
    });
  }

  test(
    "(a project that may not be written to) is told of before anything runs",
    async () => {
      const project = makeProject({ "a.yaml": tinyYaml });
      chmodSync(project, 0o500);
      const { code, err } = await command(project, ["run", "a.yaml", "--quiet"]);
      chmodSync(project, 0o700);
      assert.is(code, 1);
      assert.match(err, "FILE_UNWRITABLE");
    },
    { skip: process.getuid?.() === 0 ? "root may write anywhere" : undefined },
  );
});

suite("standard output and standard error", (test) => {
  test("of the process are the command's own", () => {
    const io = processIo();
    assert.equal([io.cwd, io.env], [process.cwd(), process.env]);
    assert.is(io.isTerminal, process.stderr.isTTY && process.env["TERM"] !== "dumb");
  });

  test("carry results and diagnostics apart, so that a pipe sees results alone", async () => {
    const project = makeProject();
    writeFileSync(join(project, "warn.yaml"), tinyYaml.replace("[1, 2]", "[1, 1]"));
    const { code, out, err } = await launch(project, ["plan", "warn.yaml", "--json"]).result;
    assert.equal([code, err], [0, ""]);
    assert.is((JSON.parse(out) as { runs: unknown[] }).runs.length, 1);
  });
});

function textSource(text: string): Readonly<Record<string, string>> {
  const source = `source: { type: gpt2, model: no-such-folder/model, texts: [${text}], layer: 0 }`;
  return { "a.yaml": tinyYaml.replace(/source: .*/, source) };
}
