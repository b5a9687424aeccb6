import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import type { FeatureIndex } from "../../../core/inspection/build-feature-index.ts";
import { readFeatureInfo, readFeatures, writeFeatureIndex } from "../../../core/inspection/feature-file.ts";
import type { FeatureRecord } from "../../../core/inspection/feature-record.ts";
import { suite } from "../../suite.ts";
import { rejectsWith, throwsWith } from "../data/expect-error.ts";
import { temporaryFolder } from "../run/fixtures.ts";
import { exampleOf, featureRecord, infoOf } from "./feature-records.ts";

function indexOf(records: readonly FeatureRecord[]): FeatureIndex {
  return {
    info: infoOf({ features: records.length }),
    async *records() {
      for (const record of records) yield await Promise.resolve(record);
    },
  };
}

async function all(folder: string): Promise<readonly FeatureRecord[]> {
  const found: FeatureRecord[] = [];
  for await (const record of readFeatures(folder)) found.push(record);
  return found;
}

suite("features.jsonl", (test) => {
  test("gives back what was written, one line a feature", async () => {
    const folder = temporaryFolder();
    const records = Array.from({ length: 600 }, (_unused, i) =>
      featureRecord(i, { examples: [exampleOf(["a\nb", "[[ \u2028\u00e9]]"])] }),
    );
    await writeFeatureIndex(folder, indexOf(records));
    assert.equal(await all(folder), records);
    assert.equal(readFeatureInfo(folder), infoOf({ features: 600 }));
    const lines = readFileSync(join(folder, "features.jsonl"), "utf8").split("\n");
    assert.is(lines.length, 601);
    assert.is((JSON.parse(lines[17]!) as FeatureRecord).feature, 17);
  });

  test("is vouched for by features.json, which is gone while the lines are written", async () => {
    const folder = temporaryFolder();
    await writeFeatureIndex(folder, indexOf([featureRecord(0)]));
    let wasThere = true;
    const second: FeatureIndex = {
      info: infoOf(),
      // eslint-disable-next-line @typescript-eslint/require-await -- a generator that fails at once
      async *records() {
        wasThere = existsSync(join(folder, "features.json"));
        yield featureRecord(0);
        throw new Error("killed");
      },
    };
    await writeFeatureIndex(folder, second).then(
      () => {
        assert.unreachable();
      },
      () => undefined,
    );
    assert.is(wasThere, false);
    assert.is(readFeatureInfo(folder), undefined);
    assert.is((await all(folder)).length, 1, "the older lines are whole");
  });

  test("names the file and the line that cannot be understood", async () => {
    const folder = temporaryFolder();
    assert.is(readFeatureInfo(folder), undefined);
    await rejectsWith("FILE_MISSING", all(folder));
    writeFileSync(join(folder, "features.jsonl"), `${JSON.stringify(featureRecord(0))}\n{"feature":1}\n`);
    assert.match((await rejectsWith("RUN_FOLDER_BROKEN", all(folder))).where ?? "", /features\.jsonl:2$/);
    writeFileSync(join(folder, "features.jsonl"), `{"feature":`);
    assert.match((await rejectsWith("RUN_FOLDER_BROKEN", all(folder))).where ?? "", /features\.jsonl:1$/);
    writeFileSync(join(folder, "features.json"), `{"format":2}`);
    throwsWith("RUN_FOLDER_BROKEN", () => readFeatureInfo(folder));
  });
});
