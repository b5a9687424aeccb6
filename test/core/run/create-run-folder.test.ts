import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { beginAttempt, endAttempt } from "../../../core/run/attempts.ts";
import { createRunFolder } from "../../../core/run/create-run-folder.ts";
import { createFolderFinder } from "../../../core/run/find-run-folder.ts";
import { readRunConfig } from "../../../core/run/run-config-file.ts";
import { readRunRecord } from "../../../core/run/run-record.ts";
import { suite } from "../../suite.ts";
import { put, temporaryFolder, tinyConfig, tinyRun } from "./fixtures.ts";

async function doneFolder(): Promise<string> {
  const folder = join(temporaryFolder(), tinyRun().folderName);
  createRunFolder(folder, "tiny", tinyRun());
  put(join(folder, "checkpoints", "step-00000012.safetensors"), "");
  put(join(folder, "evaluation.json"), { metrics: {}, artefacts: {} });
  await endAttempt(beginAttempt(folder), { outcome: "done", checkpoint: "step-00000012.safetensors" });
  return folder;
}

suite("making a run's folder", (test) => {
  test("writes what the run is and the config that it will use", () => {
    const folder = join(temporaryFolder(), "sweep", tinyRun().folderName);
    assert.equal(createRunFolder(folder, "tiny", tinyRun()), { state: "pending" });
    const { id, name, axes, shape, facts, plugins } = tinyRun();
    assert.equal(readRunRecord(folder), { format: 1, id, name, sweep: "tiny", axes, shape, facts, plugins });
    assert.equal(readRunConfig(folder), tinyConfig());
  });

  test("that is done keeps its config and says that it is done", async () => {
    const folder = await doneFolder();
    const before = statSync(join(folder, "config.yaml")).mtimeMs;
    const changed = tinyRun(tinyConfig({ device: { type: "wasm" } }));
    assert.is(createRunFolder(folder, "tiny", changed).state, "done");
    assert.is(statSync(join(folder, "config.yaml")).mtimeMs, before);
    assert.equal(readRunConfig(folder).device, { type: "cpu" });
  });

  test("that is done but evaluated otherwise has its evaluation to do again, and keeps the old one aside", async () => {
    const folder = await doneFolder();
    const evaluation = { ...tinyConfig().evaluation, rows: 7 };
    assert.is(createRunFolder(folder, "tiny", tinyRun(tinyConfig({ evaluation }))).state, "interrupted");
    assert.is(readRunConfig(folder).evaluation.rows, 7);
    assert.not(existsSync(join(folder, "evaluation.json")));
    assert.ok(existsSync(join(folder, "attempts", "1", "superseded", "evaluation.json")));
    assert.ok(existsSync(join(folder, "checkpoints", "step-00000012.safetensors")));
  });

  test("that is done by another version of an evaluator has its evaluation to do again", async () => {
    const folder = await doneFolder();
    const newer = tinyRun().plugins.filter((name) => !name.startsWith("evaluator/"));
    const plugins = [...newer, "evaluator/reconstruction@2"];
    assert.is(createRunFolder(folder, "tiny", { ...tinyRun(), plugins }).state, "interrupted");
  });

  test("that is not done takes today's config", () => {
    const folder = join(temporaryFolder(), "r");
    createRunFolder(folder, "tiny", tinyRun());
    createRunFolder(folder, "tiny", tinyRun(tinyConfig({ device: { type: "wasm" } })));
    assert.equal(readRunConfig(folder).device, { type: "wasm" });
  });

  test("that is done goes by today's name and axes", async () => {
    const folder = await doneFolder();
    createRunFolder(folder, "tiny", { ...tinyRun(), name: "k=2", axes: { "model.expert.k": 2 } });
    assert.equal([readRunRecord(folder)?.name, readRunRecord(folder)?.axes], ["k=2", { "model.expert.k": 2 }]);
  });

  test("refuses a folder that holds another run, or one of another version, and changes nothing", () => {
    const folder = join(temporaryFolder(), "r");
    createRunFolder(folder, "tiny", tinyRun());
    const other = tinyRun(tinyConfig(), "fedcba987654");
    assert.throws(
      () => createRunFolder(folder, "tiny", other),
      /RUN_ID_MISMATCH[\s\S]*fedcba987654[\s\S]*0123456789ab/,
    );
    const text = '{"format": 99, "id": "0123456789ab"}';
    writeFileSync(join(folder, "run.json"), text);
    assert.throws(() => createRunFolder(folder, "tiny", tinyRun()), /RUN_FORMAT/);
    assert.is(readFileSync(join(folder, "run.json"), "utf8"), text);
  });

  test("takes a folder without run.json as one that was never finished", () => {
    const folder = join(temporaryFolder(), "r");
    put(join(folder, "config.yaml"), "half");
    assert.is(createRunFolder(folder, "tiny", tinyRun()).state, "pending");
    assert.equal(readRunConfig(folder), tinyConfig());
  });

  test("below a file fails with the place", () => {
    const file = join(temporaryFolder(), "file");
    put(file, "");
    assert.throws(() => createRunFolder(join(file, "r"), "tiny", tinyRun()), /FILE_UNWRITABLE[\s\S]*file/);
  });
});

suite("finding a run's folder", (test) => {
  test("gives the planned place when there is none", () => {
    const sweep = temporaryFolder();
    assert.is(createFolderFinder(sweep)(tinyRun()), join(sweep, "experts=2-01234567"));
    assert.is(createFolderFinder(join(sweep, "absent"))(tinyRun()), join(sweep, "absent", "experts=2-01234567"));
  });

  test("finds the run under the name of an earlier sweep", () => {
    const sweep = temporaryFolder();
    createRunFolder(join(sweep, "old-name-01234567"), "tiny", tinyRun());
    assert.is(createFolderFinder(sweep)(tinyRun()), join(sweep, "old-name-01234567"));
  });

  test("is not misled by another run with the same first digits", () => {
    const sweep = temporaryFolder();
    createRunFolder(join(sweep, "other-01234567"), "tiny", tinyRun(tinyConfig(), "01234567ffff"));
    put(join(sweep, "broken-01234567", "run.json"), "{");
    assert.is(createFolderFinder(sweep)(tinyRun()), join(sweep, "experts=2-01234567"));
  });
});
