/** The quickstart on a GPU: its five runs, with fewer features, rows and steps than a GPU would take. */
import { join } from "node:path";
import * as assert from "uvu/assert";
import { packageRoot } from "../../../core/package-root.ts";
import { listRuns } from "../../../core/run/read-run.ts";
import { gpuMissing, testedAdapter } from "../../kernels/software-gpu.ts";
import { suite } from "../../suite.ts";
import { command, makeProject } from "./project.ts";

const inRepository = (path: string): string => JSON.stringify(join(packageRoot, path));

const yaml = `extends: [${inRepository("configs/quickstart.yaml")}]
device: { type: webgpu, adapter: ${testedAdapter.adapter} }
source: { model: ${inRepository("data/tiny-gpt2")}, texts: [${inRepository("data/text/frankenstein.txt")}], maxTokens: 640 }
model: { features: 256 }
training: { steps: 4, batchSize: 64, checkpointEvery: 4, logEvery: 4 }
evaluation: { rows: 64, batchSize: 64 }
executor: in-process
`;

suite("the quickstart on webgpu", (test) => {
  test(
    "harvests, trains and evaluates, and compares the runs",
    async () => {
      const project = makeProject({ "gpu.yaml": yaml });
      const { code, out, err } = await command(project, ["run", "gpu.yaml", "--quiet"]);
      assert.is(code, 0, err);
      const runs = await listRuns(join(project, "runs/quickstart"));
      assert.is(runs.length, 5);
      for (const { name, state, metrics } of runs) {
        assert.is(state, "done", name);
        for (const metric of ["reconstruction/mse", "language-model/loss-recovered"]) {
          assert.ok(Number.isFinite(metrics[metric]), `${metric} of ${name}: ${JSON.stringify(metrics)}`);
        }
      }
      assert.match(out, /router=switch-experts=16/);
    },
    { skip: gpuMissing, timeoutMs: 250_000 },
  );
});
