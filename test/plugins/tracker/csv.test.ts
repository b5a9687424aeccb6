import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import type { StepRecord } from "../../../core/training/contracts.ts";
import { csv } from "../../../plugins/tracker/csv.ts";
import { suite } from "../../suite.ts";
import { stepRecord, temporaryFolder } from "../../core/run/fixtures.ts";

async function track(folder: string, records: readonly StepRecord[], file = "steps.csv"): Promise<string> {
  const tracker = await csv.create({ file }, { folder });
  for (const record of records) await tracker.step?.(record);
  return existsSync(join(folder, file)) ? readFileSync(join(folder, file), "utf8") : "";
}

const heading = "step,rows,loss,reconstruction,learningRate,gradientNorm,stepMs\n";

suite("tracker csv", (test) => {
  test("writes a heading and a line a step", async () => {
    const text = await track(temporaryFolder(), [stepRecord(2), stepRecord(4)]);
    assert.is(text, `${heading}2,16,0.5,0.5,0.01,1,2\n4,32,0.25,0.25,0.01,1,2\n`);
  });

  test("writes no file before the first step, and into the name it is given", async () => {
    const folder = temporaryFolder();
    assert.is(await track(folder, [], "a.csv"), "");
    assert.match(await track(folder, [stepRecord(2)], "a.csv"), heading.trim());
  });

  test("of a resumed run replaces the steps that are logged again, and a line torn by a kill", async () => {
    const folder = temporaryFolder();
    const before = await track(folder, [stepRecord(2), stepRecord(4), stepRecord(6)]);
    writeFileSync(join(folder, "steps.csv"), `${before}8,64,0.1`);
    const after = await track(folder, [stepRecord(4, { stepMs: 9 }), stepRecord(6), stepRecord(8)]);
    assert.equal(
      after.split("\n").map((line) => line.split(",")[0]),
      ["step", "2", "4", "6", "8", ""],
    );
    assert.match(after, /^4,.*,9$/m);
  });

  test("starts again in a file that was torn inside its heading", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "steps.csv"), "step,ro");
    assert.match(await track(folder, [stepRecord(2)]), new RegExp(`^${heading}2,`));
  });

  test("quotes names that need it", async () => {
    const record = stepRecord(2, { losses: { 'a,"b"': 1 } });
    assert.match(await track(temporaryFolder(), [record]), /^step,rows,loss,"a,""b""",/);
  });

  test("says where it could not write", async () => {
    const folder = join(temporaryFolder(), "absent");
    await track(folder, [stepRecord(2)]).then(
      () => {
        assert.unreachable();
      },
      (error: unknown) => {
        assert.match(String(error), /FILE_UNWRITABLE[\s\S]*absent/);
      },
    );
  });
});
