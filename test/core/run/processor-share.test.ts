import { availableParallelism } from "node:os";
import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { createProcessorShare, followShare, threadsOfEach } from "../../../core/run/processor-share.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { createKernels } from "../../../kernels/index.ts";
import { suite } from "../../suite.ts";

const device: Device = { name: "a", description: "a", tf, kernels: createKernels() };

suite("the share of each run", (test) => {
  test("is the cores divided by the runs, whole threads, and never less than one", () => {
    const shares = [
      [8, 1],
      [8, 2],
      [8, 3],
      [2, 8],
      [4, 0],
    ] as const;
    assert.equal(
      shares.map(([cores, runs]) => threadsOfEach(cores, runs)),
      [8, 4, 2, 1, 4],
    );
  });
});

suite("a processor share", (test) => {
  test("without a number is the whole machine", () => {
    assert.is(createProcessorShare().threads, availableParallelism());
  });

  test("tells its listeners every change, and nothing that is no change", () => {
    const share = createProcessorShare(2);
    const seen: number[] = [];
    const end = share.onChange((threads) => seen.push(threads, share.threads));
    share.set(2);
    share.set(4);
    end();
    share.set(8);
    assert.equal([seen, share.threads], [[4, 4], 8]);
  });
});

suite("a device that follows a share", (test) => {
  test("is told what the share is when it opened, and every change until the end", () => {
    const share = createProcessorShare(2);
    const told: number[] = [];
    const end = followShare({ ...device, setThreads: (threads) => void told.push(threads) }, share, fail);
    share.set(4);
    end();
    share.set(8);
    assert.equal(told, [2, 4]);
  });

  test("may have no threads to set", () => {
    const share = createProcessorShare(2);
    followShare(device, share, fail);
    share.set(4);
  });

  test("that throws is reported and keeps the share from nobody", () => {
    const share = createProcessorShare(2);
    const faults: unknown[] = [];
    const told: number[] = [];
    const broken = {
      ...device,
      setThreads: () => {
        throw new RangeError("too many");
      },
    };
    followShare(broken, share, (error) => faults.push(error));
    followShare({ ...device, setThreads: (threads) => void told.push(threads) }, share, fail);
    share.set(4);
    assert.equal(faults.map(String), ["RangeError: too many", "RangeError: too many"]);
    assert.equal(told, [2, 4]);
  });
});

function fail(error: unknown): void {
  throw error;
}
