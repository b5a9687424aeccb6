import { join } from "node:path";
import * as assert from "uvu/assert";
import {
  attemptFolder,
  checkpointName,
  listAttempts,
  listCheckpoints,
  logFile,
  namesIn,
  stepOfCheckpoint,
} from "../../../core/run/layout.ts";
import { suite } from "../../suite.ts";
import { put, temporaryFolder } from "./fixtures.ts";

suite("layout of a run folder", (test) => {
  test("names checkpoints so that their names sort by step", () => {
    assert.is(checkpointName(600), "step-00000600.safetensors");
    assert.ok(checkpointName(999) < checkpointName(100_000));
    assert.is(stepOfCheckpoint(checkpointName(100_000)), 100_000);
  });

  test("takes nothing else for a checkpoint", () => {
    for (const name of [".step-00000600.safetensors.1-ab.tmp", "step-600.safetensors", "step-00000600.json", ""]) {
      assert.is(stepOfCheckpoint(name), undefined, name);
    }
  });

  test("lists checkpoints newest first and attempts oldest first, by number", () => {
    const folder = temporaryFolder();
    for (const step of [8, 1000, 12]) put(join(folder, "checkpoints", checkpointName(step)), "");
    put(join(folder, "checkpoints", ".step-00000016.safetensors.tmp"), "");
    for (const attempt of [10, 2, 1]) put(join(attemptFolder(folder, attempt), "start.json"), {});
    put(join(folder, "attempts", ".starting-x", "log.txt"), "");
    assert.equal(listCheckpoints(folder), [1000, 12, 8]);
    assert.equal(listAttempts(folder), [1, 2, 10]);
  });

  test("finds nothing where there is no folder, or a file in its place", () => {
    const folder = temporaryFolder();
    put(join(folder, "file"), "");
    assert.equal(namesIn(join(folder, "absent")), []);
    assert.equal(namesIn(join(folder, "file")), []);
    assert.equal(listAttempts(folder), []);
  });

  test("keeps the log in the attempt", () => {
    assert.is(logFile("/r", 3), join("/r", "attempts", "3", "log.txt"));
  });
});
