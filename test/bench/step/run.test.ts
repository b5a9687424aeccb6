import * as assert from "uvu/assert";
import { gpuMissing, testedAdapter } from "../../kernels/software-gpu.ts";
import { suite } from "../../suite.ts";
import { jsonOf, runBench } from "../run-bench.ts";

const small = ["B=32", "D=32", "F=128", "K=4", "steps=1", "--json"];

suite("the step bench on a GPU", (test) => {
  test(
    "checks and times every size, and tells which adapter it was",
    async () => {
      const words = ["device=webgpu", `adapter=${testedAdapter.adapter}`, "experts=4", ...small];
      const run = await runBench("step/run.ts", words);
      const read = jsonOf(run);
      assert.is(read["checked"], true);
      const gpu = read["gpu"] as Record<string, unknown>;
      assert.match(run.output, `adapter ${String(gpu["adapter"])}`);
      assert.ok(Array.isArray(gpu["nvidia"]));
      const results = read["results"] as { size: { E: number }; overMemory: number; bytesPerSecond: number }[];
      assert.equal(
        results.map(({ size }) => size.E),
        [4],
      );
      assert.ok(results.every(({ overMemory, bytesPerSecond }) => overMemory > 0 && bytesPerSecond > 0));
    },
    { skip: gpuMissing, timeoutMs: 250_000 },
  );

  test(
    "says in its error what there is where no adapter has the name, and prints no time",
    async () => {
      const { code, output, errors } = await runBench("step/run.ts", [
        "device=webgpu",
        "adapter=no-such-card",
        ...small,
      ]);
      assert.is(code, 3);
      assert.is(output, "");
      assert.match(errors, "There is no GPU adapter of this name");
      assert.not.match(errors, "    at ");
    },
    { skip: gpuMissing, timeoutMs: 60_000 },
  );
});
