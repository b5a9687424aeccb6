/** What users do to a sweep while it runs, and what happens to it between two commands. */
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { readStart } from "../../../core/run/attempts.ts";
import { listCheckpoints } from "../../../core/run/layout.ts";
import { isAlive } from "../../../core/run/process-identity.ts";
import { listRuns } from "../../../core/run/read-run.ts";
import type { RunSummary } from "../../../core/run/run-summary.ts";
import { suite } from "../../suite.ts";
import { command, launch, makeProject, tinyYaml } from "./project.ts";
import type { Launched } from "./project.ts";

const long = tinyYaml.replace("steps: 6", "steps: 3000").replace("[1, 2]", "[2]");
const one = tinyYaml.replace("[1, 2]", "[2]");

async function untilPrinted(launched: Launched, text: string): Promise<void> {
  while (!launched.printed().includes(text)) {
    if (launched.child.exitCode !== null) assert.unreachable(`ended early:\n${launched.printed()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function onlyRun(project: string): Promise<RunSummary> {
  const runs = await listRuns(join(project, "runs/tiny"));
  assert.is(runs.length, 1);
  return runs[0]!;
}

suite("a sweep that is disturbed", (test) => {
  test(
    "by a kill of the command leaves no worker behind: it writes a checkpoint and ends",
    async () => {
      const project = makeProject({ "long.yaml": long });
      const launched = launch(project, ["run", "long.yaml"]);
      await untilPrinted(launched, "started on cpu");
      const { folder } = await onlyRun(project);
      const worker = readStart(folder, 1)?.process;
      assert.ok(worker !== undefined && worker.pid !== launched.child.pid && isAlive(worker) === true);
      launched.child.kill("SIGKILL");
      await launched.result;
      while (isAlive(worker) === true) await new Promise((resolve) => setTimeout(resolve, 10));
      const { state, steps } = await onlyRun(project);
      assert.is(state, "interrupted");
      assert.ok(listCheckpoints(folder).length > 0 && steps.length < 1500);
    },
    { timeoutMs: 60_000 },
  );

  test(
    "by a second Ctrl-C kills the runs at once, and they can be continued",
    async () => {
      const project = makeProject({ "long.yaml": long });
      const launched = launch(project, ["run", "long.yaml"]);
      await untilPrinted(launched, "started on cpu");
      launched.child.kill("SIGINT");
      launched.child.kill("SIGTERM");
      const { code, err } = await launched.result;
      assert.is(code, 130, err);
      assert.is((await onlyRun(project)).state, "interrupted");
      assert.match((await command(project, ["plan", "long.yaml"])).out, / interrupted\n/);
    },
    { timeoutMs: 60_000 },
  );

  test(
    "by damage to its newest checkpoint says so and goes on from the one before",
    async () => {
      const project = makeProject({ "one.yaml": one });
      assert.is((await command(project, ["run", "one.yaml", "--quiet"])).code, 0);
      const { folder } = await onlyRun(project);
      const last = join(folder, "checkpoints/step-00000006.safetensors");
      const before = readFileSync(last);
      truncateSync(last, 100);
      rmSync(join(folder, "evaluation.json"));
      const { code, err } = await command(project, ["run", "one.yaml"]);
      assert.is(code, 0, err);
      assert.match(err, /k=2: warning: The checkpoint cannot be read[\s\S]*resumed after step 3/);
      assert.ok(readFileSync(last).equals(before), "the same bytes again");
    },
    { timeoutMs: 60_000 },
  );

  test(
    "by another name, tracker or executor is the same run and is not repeated",
    async () => {
      const project = makeProject({ "one.yaml": one });
      await command(project, ["run", "one.yaml", "executor=in-process", "--quiet"]);
      const words = ["run", "one.yaml", "+trackers=[csv]", "training.logEvery=1", "--quiet", "--json"];
      const again = await command(project, words);
      assert.is(again.code, 0, again.err);
      assert.equal(readdirSync(join((await onlyRun(project)).folder, "attempts")), ["1"]);
    },
    { timeoutMs: 60_000 },
  );

  test(
    "by a change that matters is another run beside the first",
    async () => {
      const project = makeProject({ "one.yaml": one });
      await command(project, ["run", "one.yaml", "executor=in-process", "--quiet"]);
      const words = ["run", "one.yaml", "training.steps=7", "+trackers=[csv]", "executor=in-process", "--json"];
      const second = await command(project, words);
      assert.is(second.code, 0, second.err);
      const [run] = JSON.parse(second.out) as { id: string; config: { training: { steps: number } } }[];
      assert.is(run?.config.training.steps, 7);
      const runs = await listRuns(join(project, "runs/tiny"));
      assert.is(runs.length, 2);
      const folder = runs.find(({ id }) => id === run?.id)!.folder;
      assert.match(readFileSync(join(folder, "steps.csv"), "utf8"), /^step,rows,loss,/);
    },
    { timeoutMs: 60_000 },
  );

  test(
    "with --rerun failed starts over what failed, and only that",
    async () => {
      const flag = "flag-that-the-plugin-looks-for";
      const project = makeProject({
        "plugins/loss/moody.js": `
          import { existsSync } from "node:fs";
          import { join } from "node:path";
          import { definePlugin, pathsRef, tensorFlowRef, Type } from "switchyard";
          export const moody = definePlugin({
            kind: "loss", name: "moody", version: "1", summary: "Fails until a file is there.",
            options: Type.Object({}),
            deps: { paths: pathsRef, tf: tensorFlowRef },
            create: (_options, { paths, tf }) => {
              if (!existsSync(join(paths.projectFolder, "${flag}"))) throw new Error("not in the mood");
              return { weight: () => 0, compute: () => tf.scalar(0) };
            },
          });`,
        "moody.yaml": tinyYaml.replace(
          /grid:[\s\S]*/,
          "grid: { losses: [[reconstruction], [reconstruction, moody]] }\n",
        ),
      });
      const first = await command(project, ["run", "moody.yaml", "executor=in-process"]);
      assert.is(first.code, 1, first.err);
      assert.match(first.err, /1 run failed[\s\S]*loss\/moody[\s\S]*not in the mood/);
      writeFileSync(join(project, flag), "");
      const second = await command(project, ["run", "moody.yaml", "executor=in-process", "--rerun", "failed"]);
      assert.is(second.code, 0, second.err);
      assert.match(second.err, /1 run to do, 1 done already/);
      const runs = await listRuns(join(project, "runs/tiny"));
      assert.equal(runs.map(({ folder }) => readdirSync(join(folder, "attempts")).length).sort(), [1, 2]);
    },
    { timeoutMs: 60_000 },
  );
});
