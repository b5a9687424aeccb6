import * as assert from "uvu/assert";
import { sortByKey, type SortRequest } from "../../../kernels/webgpu/sort.ts";
import { createRandomData } from "../../conformance/kernels/random-data.ts";
import { expectSame, gpuSuite, inKernel, integersOnGpu, openGpu, valuesOf } from "./gpu-suite.ts";

interface Plain {
  readonly order: number[];
  readonly starts: number[];
}

/** Array.prototype.sort is stable. */
function sortPlainly(keys: Int32Array, { first, count, limit }: Omit<SortRequest, "keys">): Plain {
  const part = keys.subarray(first, first + count);
  const order = [...part.keys()].sort((a, b) => part[a]! - part[b]!);
  const starts = new Array<number>(limit + 1).fill(0);
  for (const key of part) starts[key + 1]! += 1;
  for (let key = 0; key < limit; key++) starts[key + 1]! += starts[key]!;
  return { order, starts };
}

function sortOnGpu(keys: Int32Array, request: Omit<SortRequest, "keys">): Plain {
  return inKernel((memory) => {
    const { order, starts } = sortByKey(memory, { keys: integersOnGpu(keys), ...request });
    return { order: valuesOf(order), starts: valuesOf(starts) };
  });
}

function expectSorted(keys: Int32Array, request: Omit<SortRequest, "keys">): void {
  const [received, expected] = [sortOnGpu(keys, request), sortPlainly(keys, request)];
  expectSame("order", received.order, expected.order);
  expectSame("starts", received.starts, expected.starts);
}

gpuSuite("sorting by key", (test) => {
  const random = createRandomData(32);

  for (const [count, limit] of [
    [1, 1],
    [255, 2],
    [256, 16],
    [257, 255],
    [257, 256],
    [1000, 257],
    [70_000, 7],
    [70_000, 300],
    [5000, 65_536],
    [5000, 65_537],
    [70_000, 200_000],
  ] as const) {
    test(`of ${count} keys below ${limit} is what a stable sort gives`, async () => {
      await openGpu();
      const keys = random.indices(count, limit);
      keys[random.below(count)] = limit - 1;
      const request = { first: 0, count, limit };
      expectSorted(keys, request);
    });
  }

  test("leaves equal keys in their order", async () => {
    await openGpu();
    const keys = new Int32Array(1000).fill(2);
    const { order, starts } = sortOnGpu(keys, { first: 0, count: 1000, limit: 4 });
    assert.equal(order, [...keys.keys()]);
    assert.equal(starts, [0, 0, 0, 1000, 1000]);
  });

  test("puts keys that descend into ascending order, through two rounds", async () => {
    await openGpu();
    const keys = Int32Array.from({ length: 700 }, (_, i) => 699 - i);
    const { order } = sortOnGpu(keys, { first: 0, count: 700, limit: 700 });
    assert.equal(order, [...keys]);
  });

  for (const limit of [200, 3000]) {
    test(`counts positions from the first key of a part, keys below ${limit}`, async () => {
      await openGpu();
      const keys = random.indices(2000, limit);
      const request = { first: 611, count: 777, limit };
      expectSorted(keys, request);
    });
  }

  test("keeps nothing but its result, where memory is given for that", async () => {
    const { backend } = await openGpu();
    const kept: object[] = [];
    const before = backend.bufferManager.numBytesUsed;
    const sorted = inKernel((memory) =>
      sortByKey(memory, {
        ...{ keys: integersOnGpu([3, 1, 2, 1]), first: 0, count: 4, limit: 1000 },
        keep: (size, dtype) => {
          const made = backend.makeTensorInfo([size], dtype);
          kept.push(made);
          return made;
        },
      }),
    );
    assert.equal(kept, [sorted.order, sorted.starts]);
    assert.equal(valuesOf(sorted.order), [1, 3, 2, 0]);
    assert.is(backend.bufferManager.numBytesUsed, before + 4 * (4 + 1001));
    for (const { dataId } of [sorted.order, sorted.starts]) backend.disposeData(dataId);
  });
});
