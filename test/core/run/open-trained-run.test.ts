import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { readSafetensors } from "../../../core/data/safetensors.ts";
import { createRunFolder } from "../../../core/run/create-run-folder.ts";
import { executeRun } from "../../../core/run/execute-run.ts";
import { openTrainedRun } from "../../../core/run/open-trained-run.ts";
import type { OpenTrainedRunInput } from "../../../core/run/open-trained-run.ts";
import { suite } from "../../suite.ts";
import { rejectsWith } from "../data/expect-error.ts";
import { temporaryFolder, tinyCatalogue, tinyRun } from "./fixtures.ts";

async function makeInput(): Promise<OpenTrainedRunInput> {
  const parent = temporaryFolder();
  const run = tinyRun();
  const folder = join(parent, run.folderName);
  createRunFolder(folder, "tiny", run);
  const paths = { projectFolder: parent, cacheFolder: join(parent, "cache") };
  return { folder, paths, catalogue: await tinyCatalogue(parent) };
}

async function train({ folder, catalogue, paths }: OpenTrainedRunInput): Promise<void> {
  const { outcome } = await executeRun({
    job: { id: "0123456789ab", name: "experts=2", folder },
    ...{ catalogue, paths, signal: new AbortController().signal, onEvent: () => undefined },
  });
  assert.is(outcome, "done");
}

suite("opening a trained run", (test) => {
  test("gives its model with the parameters of its newest checkpoint, and its source", async () => {
    const input = await makeInput();
    await train(input);
    const run = await openTrainedRun(input);
    const { tensors } = await readSafetensors(join(input.folder, "checkpoints", "step-00000012.safetensors"));
    for (const { name, variable } of run.model.parameters.all) {
      assert.equal([...variable.dataSync()], [...(tensors.get(name)!.data as Float32Array)], name);
    }
    assert.equal([run.step, run.record.id, run.config.seed], [12, "0123456789ab", 3]);
    assert.equal([run.source.heldOut.numRows, run.source.width], [40, 6]);
    const { reconstruction_BD } = run.model.forward(run.tf.zeros([2, 6]));
    assert.equal(reconstruction_BD.shape, [2, 6]);
    await run.dispose();
  });

  test("passes over a checkpoint that cannot be read, and says so", async () => {
    const input = await makeInput();
    await train(input);
    writeFileSync(join(input.folder, "checkpoints", "step-00000012.safetensors"), "torn");
    const told: string[] = [];
    const run = await openTrainedRun({ ...input, onDamaged: ({ code }) => told.push(code) });
    assert.equal([run.step, ...told], [8, "CHECKPOINT_UNREADABLE"]);
    await run.dispose();
  });

  test("frees what it opened", async () => {
    const input = await makeInput();
    await train(input);
    const first = await openTrainedRun(input);
    const { tf } = first;
    await first.dispose();
    const before = tf.memory().numTensors;
    await (await openTrainedRun(input)).dispose();
    assert.is(tf.memory().numTensors, before);
  });

  test("refuses a run without a checkpoint, and one whose only checkpoint is damaged", async () => {
    const input = await makeInput();
    await rejectsWith("RUN_NOT_TRAINED", openTrainedRun(input));
    mkdirSync(join(input.folder, "checkpoints"));
    writeFileSync(join(input.folder, "checkpoints", "step-00000012.safetensors"), "torn");
    await rejectsWith("RUN_NOT_TRAINED", openTrainedRun(input));
    await rejectsWith("RUN_FOLDER_BROKEN", openTrainedRun({ ...input, folder: temporaryFolder() }));
  });
});
