import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { findWeightFiles, readGpt2Tensors } from "../../../core/language-model/checkpoint.ts";
import type { Gpt2Tensors } from "../../../core/language-model/checkpoint.ts";
import { readGpt2Config } from "../../../core/language-model/gpt2-config.ts";
import { suite } from "../../suite.ts";
import { rejectsWith } from "../data/expect-error.ts";
import { temporaryFolder } from "../data/temporary-folder.ts";
import { writeCheckpoint } from "./tiny-checkpoint.ts";
import type { CheckpointOptions } from "./tiny-checkpoint.ts";

const folder = temporaryFolder();
let numCheckpoints = 0;

async function make(options: CheckpointOptions = {}): Promise<string> {
  return writeCheckpoint(join(folder, String(numCheckpoints++)), options);
}

async function read(checkpoint: string): Promise<Gpt2Tensors> {
  return readGpt2Tensors(checkpoint, await readGpt2Config(checkpoint));
}

suite("checkpoint", (test) => {
  test("reads the tensors that a forward pass needs, by their bare names, and no others", async () => {
    const tensors = await read(await make({ prefix: "transformer." }));
    assert.is(tensors.size, 4 + 2 * 12);
    assert.equal(tensors.get("h.1.mlp.c_fc.weight")!.shape, [8, 32]);
    assert.not.ok(tensors.has("h.0.attn.bias"));
    assert.equal(tensors, await read(await make({ shards: 4 })));
  });

  test("lists what is missing, and what the file holds instead", async () => {
    const llama = await make({
      change: (tensors) => {
        for (const name of [...tensors.keys()]) {
          const tensor = tensors.get(name)!;
          tensors.delete(name);
          tensors.set(`model.layers.${name}`, tensor);
        }
      },
    });
    const error = await rejectsWith("MODEL_TENSORS", read(llama));
    assert.match(
      error.received ?? "",
      /missing: wte\.weight, wpe\.weight.* and 22 more; the file holds model\.layers\./,
    );
  });

  test("names tensors of another shape, both shapes told", async () => {
    const wrong = await make({ config: { n_inner: 16, vocab_size: 21 } });
    const error = await rejectsWith("MODEL_TENSORS", read(wrong));
    assert.match(error.received ?? "", /wte\.weight is \[20, 8\], not \[21, 8\]/);
    assert.match(error.received ?? "", /h\.0\.mlp\.c_fc\.weight is \[8, 32\], not \[8, 16\]/);
    assert.match(error.next ?? "", /config\.json/);
  });

  test("says that truncated weights are truncated", async () => {
    const checkpoint = await make();
    const file = join(checkpoint, "model.safetensors");
    truncateSync(file, readFileSync(file).length - 10);
    await rejectsWith("SAFETENSORS_TRUNCATED", read(checkpoint));
  });

  test("finds one file or the shards of an index", async () => {
    assert.equal(await findWeightFiles(await make()), ["model.safetensors"]);
    const names = [1, 2, 3].map((i) => `model-0000${i}-of-00003.safetensors`);
    const sharded = await make({ shards: 3 });
    assert.equal(await findWeightFiles(sharded), names);
    rmSync(join(sharded, names[1]!));
    assert.match((await rejectsWith("FILE_MISSING", read(sharded))).where ?? "", /model-00002-of-00003/);
  });

  test("refuses a damaged index", async () => {
    const checkpoint = await make({ shards: 2 });
    for (const content of ["{", "{}", '{"weight_map": {}}', '{"weight_map": [1]}', "null"]) {
      writeFileSync(join(checkpoint, "model.safetensors.index.json"), content);
      await rejectsWith("MODEL_UNSUPPORTED", findWeightFiles(checkpoint));
    }
  });

  test("says how to convert a checkpoint that has only a pickle", async () => {
    const checkpoint = await make();
    rmSync(join(checkpoint, "model.safetensors"));
    assert.is((await rejectsWith("FILE_MISSING", findWeightFiles(checkpoint))).received, "neither");
    writeFileSync(join(checkpoint, "pytorch_model.bin"), "");
    const error = await rejectsWith("FILE_MISSING", findWeightFiles(checkpoint));
    assert.match(error.next ?? "", /save_pretrained/);
    assert.not(existsSync(join(checkpoint, "model.safetensors")));
  });
});
