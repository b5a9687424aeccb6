import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { writeSafetensors } from "../../../core/data/safetensors.ts";
import type { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import type { ParameterSet } from "../../../core/model/parameters.ts";
import { checkpointName, checkpointsFolder, listCheckpoints } from "../../../core/run/layout.ts";
import { findCheckpoint, pruneCheckpoints } from "../../../core/run/resume.ts";
import { nameOf } from "../../../core/run/train-run.ts";
import { suite } from "../../suite.ts";
import { put, temporaryFolder } from "./fixtures.ts";

const fileOf = (folder: string, step: number): string => join(checkpointsFolder(folder), checkpointName(step));

async function folderWith(...steps: readonly number[]): Promise<string> {
  const folder = temporaryFolder();
  for (const step of steps) {
    const tensors = new Map([["encoder", { shape: [2], data: Float32Array.of(step, 0) }]]);
    const counts = { step: `${step}`, rows: `${step * 8}`, seed: "3", batchSize: "8" };
    await writeSafetensors(fileOf(folder, step), tensors, { format: "switchyard-checkpoint", version: "2", ...counts });
  }
  return folder;
}

async function parameters(length = 2): Promise<ParameterSet> {
  const { tf } = await cpuDevice.open();
  const variable = tf.variable(tf.zeros([length]));
  const all = [{ name: "encoder", variable }];
  return { all, buffers: [], shared: [], get: () => variable, has: () => true, dispose: () => undefined };
}

interface Found {
  readonly step: number | undefined;
  readonly damaged: readonly SwitchyardError[];
}

async function find(folder: string, totalSteps: number, length = 2): Promise<Found> {
  const damaged: SwitchyardError[] = [];
  const expected = { parameters: await parameters(length), seed: 3, batchSize: 8 };
  const found = await findCheckpoint(folder, totalSteps, expected, (error) => damaged.push(error));
  return { step: found?.step, damaged };
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "none",
    (error: unknown) => /\[([A-Z_]+)\]/.exec(String(error))?.[1] ?? String(error),
  );
}

suite("the checkpoint that a run goes on from", (test) => {
  test("is the newest", async () => {
    assert.equal(await find(await folderWith(4, 8, 12), 12), { step: 12, damaged: [] });
  });

  test("is none before the first", async () => {
    assert.equal(await find(temporaryFolder(), 12), { step: undefined, damaged: [] });
  });

  test("is the newest that can be read; damaged ones are reported, each by name", async () => {
    const folder = await folderWith(4, 8, 12);
    truncateSync(fileOf(folder, 12), 40);
    writeFileSync(fileOf(folder, 8), "");
    const { step, damaged } = await find(folder, 12);
    assert.is(step, 4);
    assert.equal(
      damaged.map(({ code, where }) => [code, where]),
      [12, 8].map((at) => ["CHECKPOINT_UNREADABLE", fileOf(folder, at)]),
    );
  });

  test("is none when all are damaged", async () => {
    const folder = await folderWith(4);
    truncateSync(fileOf(folder, 4), 8);
    const { step, damaged } = await find(folder, 12);
    assert.equal([step, damaged.length], [undefined, 1]);
  });

  test("is not a temporary file that a kill left behind", async () => {
    const folder = await folderWith(4);
    put(join(checkpointsFolder(folder), `.${checkpointName(8)}.12-ab.tmp`), "half");
    assert.is((await find(folder, 12)).step, 4);
  });

  test("of another architecture, or beyond the last step, is refused and not passed over", async () => {
    assert.is(await codeOf(find(await folderWith(4), 12, 3)), "CHECKPOINT_OTHER_ARCHITECTURE");
    assert.is(await codeOf(find(await folderWith(4, 16), 12)), "CHECKPOINT_OF_OTHER_LENGTH");
  });
});

suite("checkpoints that are kept", (test) => {
  test("are the two newest", async () => {
    const folder = await folderWith(4, 8, 12, 16);
    pruneCheckpoints(folder);
    assert.equal(listCheckpoints(folder), [16, 12]);
    pruneCheckpoints(folder);
    assert.equal(listCheckpoints(folder), [16, 12]);
  });

  test("are all while there are no more than two", async () => {
    const folder = await folderWith(4);
    pruneCheckpoints(folder);
    pruneCheckpoints(temporaryFolder());
    assert.equal(listCheckpoints(folder), [4]);
  });
});

suite("names of losses and evaluators", (test) => {
  test("are their plugins', numbered from the second of a kind on", () => {
    const choices = ["l1", "reconstruction", "l1", "l1"].map((type) => ({ type }));
    assert.equal(
      choices.map(({ type }, i) => nameOf(choices, type, i)),
      ["l1", "reconstruction", "l1-2", "l1-3"],
    );
  });
});
