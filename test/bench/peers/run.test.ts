import * as assert from "uvu/assert";
import { gpuMissing, testedAdapter } from "../../kernels/software-gpu.ts";
import { suite } from "../../suite.ts";
import { jsonOf, pythonWithTorch, runBench, torchMissing } from "../run-bench.ts";

const small = ["B=32", "D=32", "F=128", "K=4", "E=4", "steps=1", "peers=paper", "--json"];
const gpu = ["device=webgpu", `adapter=${testedAdapter.adapter}`, ...small];

suite("the peers bench on a GPU", (test) => {
  test(
    "trains the same as PyTorch, here on the processor",
    async () => {
      const run = await runBench("peers/run.ts", [...gpu, "peer=cpu", `python=${pythonWithTorch ?? ""}`]);
      const read = jsonOf(run);
      assert.is(read["checked"], true);
      assert.is(read["peerDevice"], "cpu");
      assert.ok(String((read["gpu"] as Record<string, unknown>)["adapter"]).length > 0);
      const ratios = ["paperE4", "floorE4", "memoryE4"];
      assert.equal(Object.keys(read["ratios"] as object), ratios);
      // Only a card and CUDA can meet the goals.
      assert.equal(read["goals"], []);
    },
    { skip: gpuMissing ?? torchMissing, timeoutMs: 250_000 },
  );

  test(
    "says in one line what CUDA lacks, and prints no time",
    async () => {
      const { code, output, errors } = await runBench("peers/run.ts", [...gpu, "python=/nonexistent/python"]);
      assert.is(code, 3);
      assert.is(output, "");
      assert.match(errors, /^PyTorch cannot compute on cuda: .*peer=cpu compares with PyTorch on the processor\.\n$/);
    },
    { skip: gpuMissing, timeoutMs: 60_000 },
  );
});
