import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { contextLength, openSubject, randomTensors } from "../../../bench/harvest/subject.ts";
import { readGpt2Tensors } from "../../../core/language-model/checkpoint.ts";
import { writeSafetensors } from "../../../core/data/safetensors.ts";
import { suite } from "../../suite.ts";

suite("the models of the harvest bench", (test) => {
  test("are the quickstart's at the quickstart's hook", async () => {
    const { config, hook, tensors } = await openSubject("tiny-gpt2", "");
    assert.equal(hook, { layer: 2, name: "resid-post" });
    assert.ok(config.numPositions >= contextLength);
    assert.equal(tensors.get("wte.weight")!.shape, [config.vocabularySize, config.width]);
  });

  test("have every tensor of a checkpoint when they are made up", async () => {
    const folder = mkdtempSync(join(tmpdir(), "switchyard-subject-"));
    const config = {
      ...{ numLayers: 2, width: 8, numHeads: 2, numPositions: 16, vocabularySize: 32, innerWidth: 32 },
      ...{ layerNormEpsilon: 1e-5, isTied: true, endOfTextId: undefined },
    };
    try {
      const made = randomTensors(config);
      await writeSafetensors(join(folder, "model.safetensors"), made);
      const read = await readGpt2Tensors(folder, config);
      assert.equal([...read.keys()].sort(), [...made.keys()].sort());
      const gains = made.get("ln_f.weight")!.data;
      assert.ok(gains.every((gain) => Math.abs(gain - 1) < 0.05));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
