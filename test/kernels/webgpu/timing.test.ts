import * as assert from "uvu/assert";
import { isLong, secondsOfCall, secondsOfOne } from "../../../kernels/webgpu/timing.ts";
import { suite } from "../../suite.ts";

/** A GPU whose calls take `ms` each, and which answers `waitMs` late. */
function slowGpu(ms: number, waitMs: number) {
  let isBusyUntil = performance.now();
  const counts = { calls: 0 };
  const wait = (until: number): void => {
    while (performance.now() < until);
  };
  return {
    counts,
    call: () => {
      counts.calls += 1;
      isBusyUntil = Math.max(isBusyUntil, performance.now()) + ms;
    },
    finish: () => {
      wait(isBusyUntil);
      wait(performance.now() + waitMs);
    },
  };
}

suite("the time of a call", (test) => {
  test("is that of many, so that the wait at their end hardly counts", () => {
    const gpu = slowGpu(2, 5);
    const seconds = secondsOfCall(gpu);
    assert.ok(gpu.counts.calls > 32, `${gpu.counts.calls} calls`);
    assert.ok(seconds >= 0.002, `${seconds} s`);
    assert.ok(secondsOfOne(gpu) >= 0.007, "one call is waited for");
  });

  test("is that of one where it takes long", () => {
    const gpu = slowGpu(120, 0);
    assert.ok(isLong(secondsOfCall(gpu)));
    assert.is(gpu.counts.calls, 2, "the least of two");
  });
});
