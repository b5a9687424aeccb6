import * as assert from "uvu/assert";
import { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { nativeDevice } from "../../../kernels/devices/native.ts";
import { loadAddon } from "../../../kernels/native/addon.ts";
import { native } from "../../../plugins/device/native.ts";
import { suite } from "../../suite.ts";

const reason = await nativeDevice({ threads: 1 }).unavailableReason();
const isMissing = reason === undefined ? undefined : `the native device is not available here: ${reason}`;
const isThere = reason === undefined ? "the native device is available here" : undefined;

suite("device native", (test) => {
  test(
    "opens the native backend with working kernels",
    async () => {
      const device = await native.create({ threads: "auto" }, { threads: 2 });
      assert.is(device.name, "native");
      assert.is(device.tf.getBackend(), "native");
      const norm = device.tf.tidy(() => device.kernels.globalNorm([device.tf.tensor1d([6, 8])]) + 0);
      assert.is(norm, 10);
    },
    { skip: isMissing },
  );

  test(
    "takes the process's share of the cores, or the number that it is given",
    async () => {
      assert.match((await native.create({ threads: "auto" }, { threads: 2 })).description, /\b2 threads\b/);
      assert.match((await native.create({ threads: 3 }, { threads: 2 })).description, /\b3 threads\b/);
    },
    { skip: isMissing },
  );

  test(
    "changes its threads with its share, but not a number that it was given",
    async () => {
      const loaded = loadAddon();
      assert.ok("addon" in loaded);
      // Required once a process, so this is the addon that the plugin opens too.
      const addon: { setThreads: (threads: number) => void } = loaded.addon;
      const { setThreads } = addon;
      const told: number[] = [];
      addon.setThreads = (threads) => void told.push(threads);
      try {
        const sharing = await native.create({ threads: "auto" }, { threads: 2 });
        sharing.setThreads?.(5);
        const fixed = await native.create({ threads: 3 }, { threads: 2 });
        fixed.setThreads?.(5);
      } finally {
        addon.setThreads = setThreads;
      }
      assert.equal(told, [2, 5, 3]);
    },
    { skip: isMissing },
  );

  test(
    "says why it cannot be opened, and what to do",
    async () => {
      try {
        await native.create({ threads: "auto" }, { threads: 1 });
        assert.unreachable();
      } catch (error) {
        assert.ok(error instanceof SwitchyardError);
        assert.is(error.code, "DEVICE_UNAVAILABLE");
        assert.ok((error.next ?? "").length > 0);
      }
    },
    { skip: isThere },
  );

  test("is asked for threads by a whole number, or by auto", () => {
    const { anyOf } = native.options.properties.threads;
    assert.equal(JSON.parse(JSON.stringify(anyOf)), [
      { type: "string", const: "auto" },
      { type: "integer", minimum: 1 },
    ]);
  });
});
