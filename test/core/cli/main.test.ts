import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import * as assert from "uvu/assert";
import { packageVersion } from "../../../core/package-root.ts";
import { suite } from "../../suite.ts";
import { command, launch, makeProject } from "./project.ts";

const here = "/";
const names = ["run", "plan", "status", "compare", "report", "plugins", "schema", "doctor", "new", "explain"];

suite("switchyard", (test) => {
  test("lists its commands and exits with 0 when it is asked for help, or nothing", async () => {
    for (const words of [[], ["help"], ["--help"], ["-h"]]) {
      const { code, out, err } = await command(here, words);
      assert.equal([code, err], [0, ""]);
      for (const name of names) assert.match(out, new RegExp(`^  ${name} +\\S`, "m"));
    }
  });

  test("explains every command with its usage and at least one example", async () => {
    for (const name of names) {
      const { code, out } = await command(here, [name, "--help"]);
      assert.is(code, 0);
      assert.match(out, new RegExp(`Usage: switchyard ${name}[\\s\\S]*Examples:\\n  switchyard ${name}`));
      assert.is((await command(here, ["help", name])).out, out);
    }
  });

  test("prints its version", async () => {
    assert.is((await command(here, ["--version"])).out, `${packageVersion()}\n`);
  });

  test("suggests the nearest command and exits with 2", async () => {
    const { code, out, err } = await command(here, ["comapre"]);
    assert.equal([code, out], [2, ""]);
    assert.match(err, /UNKNOWN_COMMAND[\s\S]*Did you mean switchyard compare\?/);
    assert.is((await command(here, ["constructor"])).code, 2);
  });

  test("exits with 2 for wrong flags and counts of words", async () => {
    for (const words of [["plan"], ["plan", "a.yaml", "--jsn"], ["run", "a.yaml", "--slots", "0"], ["schema", "x"]]) {
      assert.is((await command(here, words)).code, 2, words.join(" "));
    }
  });
});

suite("the launcher", (test) => {
  test("starts as a process and hands the exit code on", async () => {
    const version = await launch("/", ["--version"]).result;
    assert.equal(version, { code: 0, out: `${packageVersion()}\n`, err: "" });
    assert.is((await launch("/", ["nonsense"]).result).code, 2);
  });

  test("runs from the sources when it is told to, with the same answers", async () => {
    const [source, bundle] = await Promise.all([
      launch("/", ["explain"], { SWITCHYARD_SOURCE: "1" }).result,
      launch("/", ["explain"]).result,
    ]);
    assert.equal(source, bundle);
    assert.is(source.code, 0);
  });

  test("ends quietly when the reader of its output goes away", () => {
    const launcher = fileURLToPath(new URL("../../../core/cli/switchyard.js", import.meta.url));
    const script = `"${process.execPath}" "${launcher}" explain | head -n 1; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
    assert.match(stdout, /^CODE +MEANING\n0\n$/);
    assert.is(stderr, "");
  });

  test("shows a stack to those who ask for it, and to nobody else", async () => {
    const project = makeProject({ "runs/a/x-01234567/run.json": "{" });
    const { code, err } = await command(project, ["compare", "runs/a"]);
    assert.is(code, 1);
    assert.not(/\n\s+at /.test(err));
    const debug = await command(project, ["compare", "runs/a"], { SWITCHYARD_DEBUG: "1" });
    assert.match(debug.err, /SweepNotFound|SWEEP_NOT_FOUND[\s\S]*\n\s+at /);
  });
});
