import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { listRuns } from "../../../core/run/read-run.ts";
import type { RunProfile } from "../../../core/run/run-profile.ts";
import { suite } from "../../suite.ts";
import { command, makeProject, tinyYaml } from "./project.ts";

const slow = { timeoutMs: 120_000 };

suite("switchyard run --profile", (test) => {
  test(
    "trains in workers on wasm, one at a time, and shows and keeps where the time of their steps went",
    async () => {
      const project = makeProject({ "wasm.yaml": tinyYaml.replace("device: cpu", "device: wasm") });
      const { code, out, err } = await command(project, ["run", "wasm.yaml", "--profile"]);
      assert.is(code, 0, err);
      assert.match(err, /started on wasm[\s\S]*: done \(1\/2\)[\s\S]*started on wasm[\s\S]*: done \(2\/2\)/);
      const runs = await listRuns(join(project, "runs/tiny"));
      assert.is(runs.length, 2);
      for (const { name, folder } of runs) {
        const file = join(folder, "attempts/1/profile.json");
        const profile = JSON.parse(readFileSync(file, "utf8")) as RunProfile;
        assert.equal([profile.steps, profile.warmupSteps], [3, 3]);
        assert.match(profile.device, /^wasm/);
        assert.ok(out.includes(`${name}: ${profile.stepMs.toFixed(2)} ms a step, the mean of 3 steps after 3`), out);
      }
      for (const row of ["data", "forward", "  encodeTopK", "update", "  adamStep", "step", "the machine"]) {
        assert.match(out, new RegExp(`^${row} +\\d`, "m"), row);
      }
      assert.match(out, /the machine[\s\S]*\nrun +mse[\s\S]*report:/, "the comparison follows");
    },
    slow,
  );

  test(
    "with --json leaves standard output to the JSON; what is done already is not profiled, and it says why",
    async () => {
      const project = makeProject();
      const words = ["run", "tiny.yaml", "executor=in-process", "sweep.grid.model.expert.k=[2]", "--quiet", "--json"];
      const plain = await command(project, words);
      assert.is(plain.code, 0, plain.err);
      assert.not.match(plain.err, "ms a step");
      const [before] = await listRuns(join(project, "runs/tiny"));
      assert.not(existsSync(join(before!.folder, "attempts/1/profile.json")));

      const skipped = await command(project, [...words, "--profile"]);
      assert.is(skipped.code, 0);
      assert.match(skipped.err, /Nothing was trained[\s\S]*--rerun all/);
      assert.equal(JSON.parse(skipped.out), JSON.parse(plain.out));

      const again = await command(project, [...words, "--profile", "--rerun", "all"]);
      assert.is(again.code, 0, again.err);
      assert.match(again.err, /ms a step, the mean of 3 steps/);
      const [after] = await listRuns(join(project, "runs/tiny"));
      assert.equal([after?.id, after?.folder], [before?.id, before?.folder], "the same run");
      assert.equal(
        after?.steps.map(({ loss }) => loss),
        before?.steps.map(({ loss }) => loss),
      );
      assert.equal(
        (JSON.parse(again.out) as { id: string }[]).map(({ id }) => id),
        [before?.id],
      );
    },
    slow,
  );
});
