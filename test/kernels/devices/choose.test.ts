import * as assert from "uvu/assert";
import * as tf from "@tensorflow/tfjs";
import { chooseDevice } from "../../../kernels/devices/choose.ts";
import type { DeviceProvider } from "../../../kernels/devices/device.ts";
import { createKernels } from "../../../kernels/index.ts";
import { KernelError } from "../../../kernels/kernel-error.ts";
import { suite } from "../../suite.ts";

function provider(name: string, { reason, broken }: { reason?: string; broken?: Error } = {}): DeviceProvider {
  return {
    name,
    unavailableReason: () => Promise.resolve(reason),
    open: () =>
      broken === undefined
        ? Promise.resolve({ name, description: name, tf, kernels: createKernels() })
        : Promise.reject(broken),
  };
}

function candidate(label: string, of: DeviceProvider): { label: string; load: () => Promise<DeviceProvider> } {
  return { label, load: () => Promise.resolve(of) };
}

suite("choosing a device", (test) => {
  test("takes the first that opens and loads none after it", async () => {
    let loaded = false;
    const device = await chooseDevice([
      candidate("fast", provider("a")),
      {
        label: "slow",
        load: () => {
          loaded = true;
          return Promise.resolve(provider("b"));
        },
      },
    ]);
    assert.is(device.name, "a");
    assert.is(device.reason, "Took fast, the fastest device known.");
    assert.not(loaded);
  });

  test("says why better ones were passed over", async () => {
    const device = await chooseDevice([
      candidate("fast", provider("a", { reason: "it is not installed" })),
      candidate("medium", provider("b", { broken: new Error("no driver") })),
      candidate("slow", provider("c")),
    ]);
    assert.is(device.name, "c");
    assert.is(
      device.reason,
      "Took slow because fast is not available (it is not installed) and medium is not available (no driver).",
    );
  });

  test("passes over a device whose code does not load", async () => {
    const device = await chooseDevice([
      { label: "odd", load: () => Promise.reject(new Error("cannot parse")) },
      candidate("slow", provider("c")),
    ]);
    assert.match(device.reason ?? "", /odd is not available \(cannot parse\)/);
  });

  test("fails with every reason when none opens", async () => {
    try {
      await chooseDevice([
        candidate("fast", provider("a", { reason: "it is not installed" })),
        candidate(
          "slow",
          provider("b", { broken: new KernelError("DEVICE_UNAVAILABLE", "No.", { received: "no heap" }) }),
        ),
      ]);
      assert.unreachable();
    } catch (error) {
      assert.ok(error instanceof KernelError);
      assert.is(error.code, "DEVICE_UNAVAILABLE");
      assert.match(error.message, /fast is not available \(it is not installed\); slow is not available \(no heap\)/);
    }
  });
});
