import { join } from "node:path";
import * as assert from "uvu/assert";
import type { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { createRunFolder } from "../../../core/run/create-run-folder.ts";
import { listRuns, readRunSummary } from "../../../core/run/read-run.ts";
import { suite } from "../../suite.ts";
import { put, stepRecord, temporaryFolder, tinyConfig, tinyRun } from "./fixtures.ts";

function sweepOf(...names: string[]): string {
  const sweep = temporaryFolder();
  for (const [i, name] of names.entries()) {
    const run = { ...tinyRun(tinyConfig(), `${i}123456789ab`), name };
    createRunFolder(join(sweep, `${name}-${run.id.slice(0, 8)}`), "tiny", run);
  }
  return sweep;
}

suite("reading runs", (test) => {
  test("puts everything of a run together", async () => {
    const folder = join(temporaryFolder(), "r");
    createRunFolder(folder, "tiny", tinyRun());
    put(join(folder, "metrics.jsonl"), `${JSON.stringify(stepRecord(2))}\n`);
    put(join(folder, "evaluation.json"), { metrics: { "a/mse": 1.5 }, artefacts: { a: { matrix: [[1]] } } });
    const { id, name, shape, axes } = tinyRun();
    assert.equal(await readRunSummary(folder), {
      ...{ id, name, sweep: "tiny", folder, state: "pending", shape, axes },
      config: tinyConfig(),
      metrics: { "a/mse": 1.5 },
      artefacts: { a: { matrix: [[1]] } },
      steps: [stepRecord(2)],
    });
  });

  test("has empty metrics before the evaluation", async () => {
    const folder = join(temporaryFolder(), "r");
    createRunFolder(folder, "tiny", tinyRun());
    const { metrics, artefacts, steps } = await readRunSummary(folder);
    assert.equal([metrics, artefacts, steps], [{}, {}, []]);
  });

  test("refuses a folder without a run", async () => {
    await rejects(readRunSummary(temporaryFolder()), "RUN_FOLDER_BROKEN");
  });

  test("has empty metrics where the evaluation is damaged", async () => {
    const folder = join(temporaryFolder(), "r");
    createRunFolder(folder, "tiny", tinyRun());
    put(join(folder, "evaluation.json"), { metrics: { "a/mse": "low" }, artefacts: {} });
    const { metrics, artefacts } = await readRunSummary(folder);
    assert.equal([metrics, artefacts], [{}, {}]);
  });

  test("lists a sweep in the order of numbers within names, and nothing else that lies there", async () => {
    const sweep = sweepOf("experts=16", "experts=2", "experts=4");
    put(join(sweep, "report.html"), "");
    put(join(sweep, "notes", "a.txt"), "");
    assert.equal(
      (await listRuns(sweep)).map(({ name }) => name),
      ["experts=2", "experts=4", "experts=16"],
    );
    assert.equal(await listRuns(join(sweep, "absent")), []);
  });

  test("tells of a broken folder and still lists the others", async () => {
    const sweep = sweepOf("a", "b");
    put(join(sweep, "foreign", "run.json"), { format: 9 });
    const problems: SwitchyardError[] = [];
    const runs = await listRuns(sweep, (error) => problems.push(error));
    assert.equal(
      runs.map(({ name }) => name),
      ["a", "b"],
    );
    assert.equal(
      problems.map(({ code }) => code),
      ["RUN_FORMAT"],
    );
    await rejects(listRuns(sweep), "RUN_FORMAT");
  });
});

async function rejects(promise: Promise<unknown>, code: string): Promise<void> {
  await promise.then(
    () => {
      assert.unreachable(`expected ${code}`);
    },
    (error: unknown) => {
      assert.match(String(error), code);
    },
  );
}
