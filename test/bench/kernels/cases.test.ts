import * as assert from "uvu/assert";
import { createAttentionCase, createBenchCases, operations } from "../../../bench/kernels/cases.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import { expectClose } from "../../conformance/conformance-case.ts";
import { suite } from "../../suite.ts";

suite("the kernel bench", (test) => {
  test("has every operation once, and each agrees with its reference", async () => {
    const device = await cpuDevice.open();
    const cases = [
      ...createBenchCases(device, { B: 6, D: 5, F: 12, E: 3, K: 2 }),
      createAttentionCase(device, { C: 2, T: 5, H: 3, d: 4 }),
    ];
    assert.equal(cases.map(({ name }) => name).sort(), [...operations].sort());
    for (const { name, run, reference, flops } of cases) {
      const result = run();
      const received = typeof result === "number" ? [result] : result.dataSync();
      expectClose(name, received, reference(), { atol: 1e-5 });
      assert.ok(flops > 0, name);
    }
  });
});
