import * as assert from "uvu/assert";
import { exclusiveScan } from "../../../kernels/webgpu/scan.ts";
import { createRandomData } from "../../conformance/kernels/random-data.ts";
import { expectSame, gpuSuite, inKernel, integersOnGpu, openGpu, valuesOf } from "./gpu-suite.ts";

function sumsBefore(values: readonly number[]): number[] {
  let sum = 0;
  return values.map((value) => (sum += value) - value);
}

gpuSuite("exclusive prefix sums", (test) => {
  const random = createRandomData(31);
  // Around a thread's four numbers, a workgroup's 1024, and 1024 workgroups, whose sums are scanned in two rounds.
  for (const count of [1, 3, 4, 255, 256, 257, 1023, 1024, 1025, 70_000, 1024 * 1024 + 1]) {
    test(`are those of plain JavaScript for ${count} numbers`, async () => {
      await openGpu();
      const values = Array.from({ length: count }, () => random.below(2000) - 1000);
      const sums = inKernel((memory) => valuesOf(exclusiveScan(memory, integersOnGpu(values), count)));
      expectSame("sums", sums, sumsBefore(values));
    });
  }

  test("do not read beyond the count", async () => {
    await openGpu();
    const values = [5, 7, 1000, 1000];
    assert.equal(
      inKernel((memory) => valuesOf(exclusiveScan(memory, integersOnGpu(values), 2))),
      [0, 5],
    );
  });

  test("lie in memory that was given for them, and in scratch memory else", async () => {
    const { backend } = await openGpu();
    const [kept, scratch] = inKernel((memory) => {
      const values = integersOnGpu([1, 2, 3]);
      const keep = (size: number, dtype: "float32" | "int32") => backend.makeTensorInfo([size], dtype);
      return [exclusiveScan(memory, values, 3, keep), exclusiveScan(memory, values, 3)] as const;
    });
    assert.equal(valuesOf(kept), [0, 1, 3]);
    assert.not(backend.tensorMap.has(scratch.dataId));
    backend.disposeData(kept.dataId);
  });
});
