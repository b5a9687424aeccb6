import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { planHarvest } from "../../../core/language-model/harvest-plan.ts";
import type { HarvestPlan, HarvestRequest } from "../../../core/language-model/harvest-plan.ts";
import { suite } from "../../suite.ts";
import { rejectsWith } from "../data/expect-error.ts";
import { temporaryFolder } from "../data/temporary-folder.ts";
import { writeCheckpoint } from "./tiny-checkpoint.ts";

const folder = temporaryFolder();
const paths = { projectFolder: folder, cacheFolder: join(folder, "cache") };
mkdirSync(join(folder, "texts"));
writeFileSync(join(folder, "texts", "a.txt"), "one");
writeFileSync(join(folder, "texts", "b.jsonl"), '{"text": "two"}');
writeFileSync(join(folder, "texts", "notes.md"), "not a text");
await writeCheckpoint(join(folder, "model"));

const base: HarvestRequest = {
  model: "model",
  revision: "main",
  texts: ["texts"],
  field: "text",
  layer: 1,
  hook: "resid-post",
  heldOutFraction: 0.1,
  excludePositions: [0],
  precision: "float32",
};

async function plan(change: Partial<HarvestRequest> = {}): Promise<HarvestPlan> {
  return planHarvest({ ...base, ...change }, paths);
}

suite("harvest-plan", (test) => {
  test("says which files, how many contexts and which positions", async () => {
    const planned = await plan({ maxTokens: 100, contextLength: 8, excludePositions: [3, 0, 3] });
    assert.is(planned.modelFolder, join(folder, "model"));
    assert.equal(
      planned.textFiles,
      ["a.txt", "b.jsonl"].map((name) => join(folder, "texts", name)),
    );
    assert.equal([planned.contextLength, planned.maxContexts], [8, 12]);
    assert.equal(planned.excludePositions, [0, 3]);
    assert.is(planned.description, "model, resid-post of layer 1, 2 texts, 0.0 MB");
    assert.is(planned.config.width, 8);
  });

  test("takes contexts of 128 tokens, or of all positions when the model has fewer", async () => {
    assert.is((await plan()).contextLength, 16);
    assert.is((await plan()).maxContexts, Number.POSITIVE_INFINITY);
    const long = await writeCheckpoint(join(folder, "long"), { config: { n_positions: 1024 } });
    assert.is((await plan({ model: long })).contextLength, 128);
  });

  test("digests contents: another date is the same, another letter or order is not", async () => {
    const { digest } = await plan();
    utimesSync(join(folder, "texts", "a.txt"), new Date(0), new Date(0));
    assert.is((await plan()).digest, digest);
    assert.is((await plan({ texts: ["texts/a.txt", "texts/b.jsonl"] })).digest, digest);
    assert.is.not((await plan({ texts: ["texts/b.jsonl", "texts/a.txt"] })).digest, digest);
    writeFileSync(join(folder, "texts", "a.txt"), "onE");
    assert.is.not((await plan()).digest, digest);
    writeFileSync(join(folder, "texts", "a.txt"), "one");
    assert.is((await plan()).digest, digest);
  });

  test("digests the model: weights, config and tokenizer", async () => {
    const model = await writeCheckpoint(join(folder, "other"));
    const { digest } = await plan();
    assert.is((await plan({ model })).digest, digest);
    writeFileSync(join(model, "vocab.json"), "{}");
    const withTokenizer = (await plan({ model })).digest;
    assert.is.not(withTokenizer, digest);
    await writeCheckpoint(model, { config: { layer_norm_epsilon: 1e-6 } });
    const withConfig = (await plan({ model })).digest;
    await writeCheckpoint(model, { dtype: "F16" });
    const withWeights = (await plan({ model })).digest;
    assert.is(new Set([digest, withTokenizer, withConfig, withWeights]).size, 4);
  });

  test("treats the same bytes as another text when the ending says so", async () => {
    writeFileSync(join(folder, "same.txt"), '{"text": "two"}');
    const asText = await plan({ texts: ["same.txt"] });
    const asLines = await plan({ texts: ["texts/b.jsonl"] });
    assert.is.not(asText.digest, asLines.digest);
  });

  test("does not mistake a limit for none", async () => {
    const limits = await Promise.all([{}, { maxTokens: 32 }, { maxTokens: 33 }, { maxTokens: 48 }].map(plan));
    assert.is(new Set(limits.map(({ digest }) => digest)).size, 3);
    assert.is(limits[1]!.digest, limits[2]!.digest, "the same number of contexts");
  });

  test("refuses what the model cannot do", async () => {
    for (const change of [{ layer: 2 }, { contextLength: 17 }, { excludePositions: [16] }, { maxTokens: 31 }]) {
      const error = await rejectsWith("SOURCE_OPTIONS", plan(change));
      assert.match(error.where ?? "", new RegExp(`source\\.${Object.keys(change)[0]!}`));
    }
    await rejectsWith("FILE_MISSING", plan({ model: "./nowhere" }));
    await rejectsWith("FILE_MISSING", plan({ texts: ["texts/none.txt"] }));
  });
});
