import * as assert from "uvu/assert";
import type { Device } from "../../kernels/devices/device.ts";
import { wasmDevice } from "../../kernels/devices/wasm.ts";
import { suite } from "../suite.ts";
import { configOf } from "./case-configs.ts";
import type { CaseConfig } from "./case-configs.ts";
import { readGoldenCase } from "./golden-case.ts";
import { goldenCaseNames, goldenFile } from "./golden-suite.ts";
import { relativeError, replay } from "./replay.ts";

suite("golden files", (test) => {
  test("every file names its own case and holds one batch a step", async () => {
    const names = goldenCaseNames();
    assert.ok(names.length >= 12);
    for (const name of names) {
      const golden = await readGoldenCase(goldenFile(name));
      assert.is(golden.name, name);
      assert.ok(configOf(golden).losses.length > 0, "its reference is known");
      assert.is(golden.batches.length, golden.steps);
      assert.is(golden.batches.at(-1)!.length, golden.batchSize * golden.width);
    }
  });
  test("a reference that nobody knows how to build fails", async () => {
    const golden = await readGoldenCase(goldenFile("gated"));
    assert.throws(
      () => configOf({ ...golden, reference: "somebody/else gdm" }),
      /no way to build what somebody\/else gdm/,
    );
  });
});

suite("the golden comparison can fail", (test, hooks) => {
  let device: Device;
  hooks.before(async () => {
    device = await wasmDevice.open();
  });
  const replayChanged = async (name: string, change: (config: CaseConfig) => CaseConfig): Promise<number> => {
    const golden = await readGoldenCase(goldenFile(name));
    const errors = await replay(golden, change(configOf(golden)), device);
    return Math.max(...errors.values());
  };
  test("on another epsilon of Adam", async () => {
    const error = await replayChanged("top-k", (config) => {
      const optimizer = { ...config.training.optimizer, epsilon: 1e-6 };
      return { ...config, training: { ...config.training, optimizer } };
    });
    assert.ok(error > 1e-5, `${error}`);
  });
  test("on gradients that are not clipped", async () => {
    const unclipped = (config: CaseConfig): CaseConfig => ({
      ...config,
      training: { ...config.training, gradientClip: null },
    });
    assert.ok((await replayChanged("switch", unclipped)) > 1e-3);
  });
  test("on a router bias that does not share the decoder's", async () => {
    const separate = (config: CaseConfig): CaseConfig => ({
      ...config,
      model: { ...config.model, router: { ...config.model.router, bias: "separate" } },
    });
    assert.ok((await replayChanged("switch", separate)) > 1e-3);
  });
  test("on a decay that starts one step late", async () => {
    const late = (config: CaseConfig): CaseConfig => ({
      ...config,
      training: { ...config.training, schedule: { type: "linear-decay", decayStart: 49 / 60 } },
    });
    assert.ok((await replayChanged("top-k", late)) > 1e-4);
  });
  test("on ties between experts that go to the lower index", async () => {
    assert.ok((await replayChanged("moe-top-2", (config) => config)) > 1e-3);
  });
});

suite("relative error", (test) => {
  test("is the distance as a share of the expected norm", () => {
    assert.is(relativeError([3, 4], [3, 0]), 4 / 3);
  });
  test("is the distance itself where zero is expected", () => {
    assert.is(relativeError([3, 4], [0, 0]), 5);
  });
  test("is infinite for another length or not-a-number", () => {
    assert.is(relativeError([1], [1, 2]), Number.POSITIVE_INFINITY);
    assert.is(relativeError([Number.NaN], [1]), Number.POSITIVE_INFINITY);
  });
});
