import { join } from "node:path";
import { writeFileSync } from "node:fs";
import * as assert from "uvu/assert";
import { readEvaluation } from "../../../core/run/evaluation-file.ts";
import { suite } from "../../suite.ts";
import { put, temporaryFolder } from "./fixtures.ts";

suite("evaluation.json", (test) => {
  test("gives metrics and artefacts", () => {
    const folder = temporaryFolder();
    const stored = { metrics: { "a/b": 1.5 }, artefacts: { a: { load: [1, 2] } } };
    put(join(folder, "evaluation.json"), stored);
    assert.equal(readEvaluation(folder), stored);
  });

  test("is none before there is one", () => {
    assert.is(readEvaluation(temporaryFolder()), undefined);
  });

  test("that is truncated, or holds something else, counts as none: the run is evaluated again", () => {
    const folder = temporaryFolder();
    for (const text of ['{"metrics": {"a/b": 1', "", "[]", '{"metrics": {"a/b": "high"}, "artefacts": {}}']) {
      writeFileSync(join(folder, "evaluation.json"), text);
      assert.is(readEvaluation(folder), undefined, text);
    }
  });
});
