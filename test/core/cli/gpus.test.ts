/** Sweeps on GPUs, from the command to what the run folders say, on a software adapter. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { RunSummary } from "../../../core/run/run-summary.ts";
import { listRuns } from "../../../core/run/read-run.ts";
import type { extendBackend } from "../../../kernels/webgpu/backend.ts";
import { gpuMissing, testedAdapter, testedGpu } from "../../kernels/software-gpu.ts";
import { suite } from "../../suite.ts";
import { command, makeProject, tinyYaml } from "./project.ts";

const { adapter } = testedAdapter;
const skip = gpuMissing === undefined ? undefined : `the webgpu device does not open here: ${gpuMissing}`;
const options = { skip, timeoutMs: 240_000 };

/** The tiny config, shorter and on the GPU. */
function yamlOf(device: string, rest: string): string {
  return tinyYaml
    .replace("device: cpu", `device: ${device}`)
    .replace("steps: 6", "steps: 2")
    .replace(/evaluators: \[.*\]/, "evaluators: []")
    .replace(/sweep:[\s\S]*/, rest);
}

interface Recorded {
  readonly device: string;
  readonly adapter?: string;
  readonly gpu?: { readonly index: number; readonly adapter?: string; readonly env: Readonly<Record<string, string>> };
}

/** What the provenance of a run says of its first attempt. */
function recorded({ folder }: RunSummary): Recorded {
  const text = readFileSync(join(folder, "provenance.json"), "utf8");
  return (JSON.parse(text) as { attempts: Readonly<Record<string, Recorded>> }).attempts["1"] ?? { device: "" };
}

suite("a sweep on two GPUs", (test) => {
  test(
    "gives every run one of them, records which, and lets runs on the processor go their own way",
    async () => {
      const project = makeProject({
        "mixed.yaml": yamlOf(
          "webgpu",
          `executor:
  type: local
  gpus: [{ adapter: ${adapter}, env: { CARD: 0 } }, { adapter: ${adapter}, env: { CARD: 1 } }]
sweep:
  zip: { seed: [0, 1, 2, 3], device: [webgpu, { type: webgpu, adapter: ${adapter} }, webgpu, cpu] }
`,
        ),
      });
      const { code, err } = await command(project, ["run", "mixed.yaml", "--slots", "3", "--quiet"]);
      assert.is(code, 0, err);
      const runs = await listRuns(join(project, "runs/tiny"));
      assert.is(runs.length, 4);
      const onGpu = runs.map(recorded).filter(({ device }) => device.startsWith("webgpu"));
      const others = runs.map(recorded).filter(({ device }) => device.startsWith("cpu"));
      assert.equal([onGpu.length, others.length], [3, 1]);
      for (const { adapter: opened = "", gpu } of onGpu) {
        assert.ok(opened.includes(adapter), opened);
        assert.is(gpu?.adapter, adapter);
        assert.equal(gpu?.env, { CARD: String(gpu?.index) });
      }
      assert.equal([...new Set(onGpu.map(({ gpu }) => gpu?.index))].sort(), [0, 1]);
      assert.equal([others[0]?.adapter, others[0]?.gpu], [undefined, undefined]);
    },
    options,
  );

  test(
    "fails the runs whose GPU does not open, and says where it was named",
    async () => {
      const rest = "executor: { type: local, gpus: [{ adapter: no such card }] }\n";
      const project = makeProject({ "wrong.yaml": yamlOf("webgpu", rest) });
      const { code, err } = await command(project, ["run", "wrong.yaml", "--quiet"]);
      assert.is(code, 1);
      assert.match(err, "DEVICE_UNAVAILABLE");
      assert.match(err, "executor.gpus.0.adapter");
    },
    options,
  );
});

/** As `docs` and the function say: the device allocates between 1 / 1.5 and 1.5 times the estimate. */
const statedFactor = 1.5;

suite("the memory of a GPU that plan estimates", (test) => {
  test(
    "is what the device allocates for training, within the stated factor",
    async () => {
      const rest = "executor: in-process\n";
      const gpu = `{ type: webgpu, adapter: ${adapter} }`;
      const project = makeProject({
        "one.yaml": yamlOf(gpu, rest).replace("features: 16\n", "features: 1024\n"),
      });
      const words = ["one.yaml", "source.width=32", "training.batchSize=160", "source.rows=320"];
      const planned = JSON.parse((await command(project, ["plan", ...words, "--json"])).out) as {
        readonly runs: readonly { readonly gpu: { readonly memoryBytes: number } }[];
      };
      await testedGpu.open();
      const { bufferManager } = tf.backend() as unknown as ReturnType<typeof extendBackend>;
      const acquire = bufferManager.acquireBuffer.bind(bufferManager);
      let most = 0;
      bufferManager.acquireBuffer = (...given) => {
        const buffer = acquire(...given);
        most = Math.max(most, bufferManager.numBytesAllocated);
        return buffer;
      };
      const before = bufferManager.numBytesAllocated;
      const { code, err } = await command(project, ["run", ...words, "--quiet"]);
      assert.is(code, 0, err);
      const ratio = (most - before) / (planned.runs[0]?.gpu.memoryBytes ?? 0);
      assert.ok(ratio > 1 / statedFactor && ratio < statedFactor, `allocated ${ratio} of the estimate`);
      assert.is(bufferManager.numBytesUsed < 16 * 1024, true, "the run gave its memory back");
    },
    options,
  );
});
