/** Encode top-k in parts of a batch: the suite's shapes all fit into one part, so here a part is a few rows, or one. */
import * as assert from "uvu/assert";
import { encodeTopKInParts } from "../../../kernels/encode-top-k/webgpu.ts";
import { registerKernels, replaceKernels } from "../../../kernels/register.ts";
import { encodeTopKCases } from "../../conformance/kernels/encode-top-k.ts";
import { suite } from "../../suite.ts";
import { gpuMissing, testedGpu } from "../software-gpu.ts";

for (const bytes of [1, 16_384]) {
  suite(`encode-top-k: parts of ${bytes} bytes on webgpu`, (test, hooks) => {
    hooks.after(() => {
      if (gpuMissing === undefined) registerKernels("webgpu", "webgpu");
    });
    const subject = {
      name: `parts of ${bytes} bytes`,
      open: async () => {
        const device = await testedGpu.open();
        replaceKernels("webgpu", [encodeTopKInParts(bytes)]);
        return device;
      },
    };
    // Those of the suite whose rows fill several parts.
    const cases = encodeTopKCases(subject).filter(({ name }) => name.includes("many features"));
    test("has cases", () => {
      assert.is(cases.length, 4);
    });
    for (const { name, run } of cases) {
      test(name, run, { skip: gpuMissing, timeoutMs: 60_000 });
    }
  });
}
