import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { listRuns } from "../../../core/run/read-run.ts";
import { suite } from "../../suite.ts";
import { launch, makeProject, tinyYaml } from "./project.ts";
import type { Launched } from "./project.ts";

const long = tinyYaml
  .replace("steps: 6", "steps: 120")
  .replace("checkpointEvery: 3", "checkpointEvery: 50")
  .replace("[1, 2]", "[2]");

async function untilPrinted(launched: Launched, text: string): Promise<void> {
  while (!launched.printed().includes(text)) {
    if (launched.child.exitCode !== null) assert.unreachable(`ended early:\n${launched.printed()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const bytesOf = async (project: string): Promise<Buffer> => {
  const [run] = await listRuns(join(project, "runs/tiny"));
  return readFileSync(join(run!.folder, "checkpoints/step-00000120.safetensors"));
};

suite("Ctrl-C", (test, hooks) => {
  const whole = makeProject({ "long.yaml": long });
  hooks.before(async () => {
    const { code, err } = await launch(whole, ["run", "long.yaml"]).result;
    assert.is(code, 0, err);
  });

  for (const executor of ["local", "in-process"]) {
    test(
      `writes a checkpoint, exits with 130, and the same command ends with the same bytes (${executor})`,
      async () => {
        const words = ["run", "long.yaml", `executor=${executor}`];
        const project = makeProject({ "long.yaml": long });
        const launched = launch(project, words);
        await untilPrinted(launched, "started on cpu");
        launched.child.kill("SIGINT");
        const { code, err } = await launched.result;
        assert.is(code, 130, err);
        assert.match(err, /Stopping[\s\S]*The same command continues: switchyard run long\.yaml/);
        const [stopped] = await listRuns(join(project, "runs/tiny"));
        assert.is(stopped?.state, "interrupted");
        const second = await launch(project, words).result;
        assert.is(second.code, 0, second.err);
        assert.match(second.err, /resumed after step \d+/);
        assert.ok((await bytesOf(project)).equals(await bytesOf(whole)));
      },
      { timeoutMs: 120_000 },
    );
  }
});
