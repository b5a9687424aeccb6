import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { beginAttempt, endAttempt } from "../../../core/run/attempts.ts";
import { deriveState } from "../../../core/run/derive-state.ts";
import { startOver } from "../../../core/run/start-over.ts";
import { suite } from "../../suite.ts";
import { put, temporaryFolder } from "./fixtures.ts";

suite("starting a run over", (test) => {
  test("keeps the superseded results with the attempt that made them", async () => {
    const folder = temporaryFolder();
    const checkpoint = "step-00000012.safetensors";
    put(join(folder, "checkpoints", checkpoint), "weights");
    put(join(folder, "evaluation.json"), { metrics: {}, artefacts: {} });
    put(join(folder, "metrics.jsonl"), "line\n");
    put(join(folder, "routing", checkpoint), "experts");
    await endAttempt(beginAttempt(folder), { outcome: "done", checkpoint });
    assert.is(deriveState(folder).state, "done");
    startOver(folder);
    for (const name of ["checkpoints", "evaluation.json", "metrics.jsonl", "routing"]) {
      assert.not(existsSync(join(folder, name)), name);
    }
    const kept = join(folder, "attempts", "1", "superseded");
    assert.is(readFileSync(join(kept, "checkpoints", checkpoint), "utf8"), "weights");
    assert.is(readFileSync(join(kept, "metrics.jsonl"), "utf8"), "line\n");
    assert.is(readFileSync(join(kept, "routing", checkpoint), "utf8"), "experts");
    assert.is(deriveState(folder).state, "interrupted");
    assert.is(beginAttempt(folder).number, 2);
  });

  test("does nothing to a run that never started", () => {
    const folder = temporaryFolder();
    startOver(folder);
    assert.not(existsSync(join(folder, "attempts")));
  });
});
