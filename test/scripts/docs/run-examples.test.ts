import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { exampleNames, runExample } from "../../../scripts/docs/run-examples.ts";
import { suite } from "../../suite.ts";

const folder = mkdtempSync(join(tmpdir(), "switchyard-examples-"));
writeFileSync(join(folder, "package.json"), '{ "type": "module" }');

function write(name: string, text: string): void {
  mkdirSync(join(folder, "router"), { recursive: true });
  writeFileSync(join(folder, name), text);
}

async function failureOf(running: Promise<unknown>): Promise<string> {
  try {
    await running;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error("nothing was thrown");
}

suite("running examples", (test, hooks) => {
  hooks.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test("gives the program, what it prints, and its config", async () => {
    write(
      "router/loud.ts",
      'process.stdout.write("one\\n");\nawait Promise.resolve();\nprocess.stdout.write("two\\n");\n',
    );
    write("router/loud.yaml", "extends: ../base.yaml\n");
    const { program, output, config } = await runExample(folder, "router/loud");
    assert.match(program, /"one/);
    assert.is(output, "one\ntwo\n");
    assert.is(config, "extends: ../base.yaml\n");
  });

  test("gives standard output back, also when a program throws", async () => {
    write("router/broken.ts", 'process.stdout.write("swallowed");\nthrow new Error("the example is broken");\n');
    let seen = "";
    process.stdout.write = (chunk: string | Uint8Array) => {
      seen += String(chunk);
      return true;
    };
    try {
      assert.match(await failureOf(runExample(folder, "router/broken")), /the example is broken/);
      process.stdout.write("heard");
    } finally {
      // The prototype's own comes back.
      Reflect.deleteProperty(process.stdout, "write");
    }
    assert.is(seen, "heard");
  });

  test("refuses a program that prints nothing", async () => {
    write("router/mute.ts", "export const nothing = 1;\n");
    assert.match(await failureOf(runExample(folder, "router/mute")), /mute\.ts printed nothing/);
  });

  test("names examples by kind and name, and takes no shared file for one", () => {
    write("setup.ts", "");
    assert.equal(exampleNames(folder, ".yaml"), ["router/loud"]);
    assert.equal(exampleNames(folder, ".ts"), ["router/broken", "router/loud", "router/mute"]);
  });
});
