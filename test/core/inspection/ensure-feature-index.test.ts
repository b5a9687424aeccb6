import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { ensureFeatureIndex } from "../../../core/inspection/ensure-feature-index.ts";
import type { EnsureInput } from "../../../core/inspection/ensure-feature-index.ts";
import { startOver } from "../../../core/run/start-over.ts";
import type { TrainedRun } from "../../../core/run/open-trained-run.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { suite } from "../../suite.ts";
import { makeTrainedRun } from "./fixtures.ts";

let device: Device;
let run: TrainedRun;
let numOpened = 0;

async function ensure(change: Partial<EnsureInput> = {}) {
  const open = (): Promise<TrainedRun> => {
    numOpened += 1;
    return Promise.resolve(run);
  };
  return ensureFeatureIndex({ folder: run.folder, settings: {}, open, ...change });
}

/** How often the run was opened meanwhile. */
async function openings(body: () => Promise<unknown>): Promise<number> {
  numOpened = 0;
  await body();
  return numOpened;
}

suite("the index of a run's features", (test, hooks) => {
  hooks.before(async () => {
    device = await wasmDevice.open();
    ({ run } = await makeTrainedRun(device));
    mkdirSync(join(run.folder, "checkpoints"));
    writeFileSync(join(run.folder, "checkpoints", "step-00000012.safetensors"), "");
  });

  test("is made once, and read afterwards without opening the run", async () => {
    assert.is(await openings(() => ensure()), 1);
    assert.is(await openings(() => ensure()), 0);
    assert.is((await ensure()).features, 12);
  });

  test("is made again with settings that differ, which then stay", async () => {
    assert.is(await openings(() => ensure({ settings: { examples: 2 } })), 1);
    assert.is(await openings(() => ensure({ settings: { examples: 2 } })), 0);
    assert.is(await openings(() => ensure()), 0, "who does not ask takes what is there");
    const info = await ensure({ settings: { radius: 1 } });
    assert.equal([info.settings.examples, info.settings.radius], [2, 1]);
  });

  test("is made again when asked to, when its lines are gone, and when the run has trained on", async () => {
    assert.is(await openings(() => ensure({ rebuild: true })), 1);
    rmSync(join(run.folder, "features.jsonl"));
    assert.is(await openings(() => ensure()), 1);
    writeFileSync(join(run.folder, "checkpoints", "step-00000020.safetensors"), "");
    assert.is(await openings(() => ensure()), 1);
    rmSync(join(run.folder, "checkpoints", "step-00000020.safetensors"));
  });

  test("outlives its checkpoints, but not a run that starts over", async () => {
    await ensure();
    rmSync(join(run.folder, "checkpoints", "step-00000012.safetensors"));
    assert.is(await openings(() => ensure()), 0);
    mkdirSync(join(run.folder, "attempts", "1"), { recursive: true });
    startOver(run.folder);
    assert.equal(
      ["features.json", "features.jsonl"].map((name) => existsSync(join(run.folder, name))),
      [false, false],
    );
    assert.ok(existsSync(join(run.folder, "attempts", "1", "superseded", "features.jsonl")));
  });
});
