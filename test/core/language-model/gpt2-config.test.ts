import * as assert from "uvu/assert";
import { parseGpt2Config, readGpt2Config } from "../../../core/language-model/gpt2-config.ts";
import type { Gpt2Config } from "../../../core/language-model/gpt2-config.ts";
import { suite } from "../../suite.ts";
import { rejectsWith, throwsWith } from "../data/expect-error.ts";
import { tinyConfig } from "./tiny-checkpoint.ts";

const parse = (change: Readonly<Record<string, unknown>>): Gpt2Config =>
  parseGpt2Config("config.json", JSON.stringify({ ...tinyConfig, ...change }));

suite("gpt2-config", (test) => {
  test("reads the shipped checkpoint's", async () => {
    assert.equal(await readGpt2Config("data/tiny-gpt2"), {
      numLayers: 4,
      width: 128,
      numHeads: 4,
      numPositions: 128,
      vocabularySize: 4096,
      innerWidth: 512,
      layerNormEpsilon: 1e-5,
      isTied: true,
      endOfTextId: 4095,
    });
  });

  test("fills what published configs leave out", () => {
    const config = parse({ eos_token_id: undefined, activation_function: undefined });
    assert.is(config.innerWidth, 32);
    assert.is(config.layerNormEpsilon, 1e-5);
    assert.is(config.isTied, true);
    assert.is(config.endOfTextId, undefined);
    assert.is(parse({ tie_word_embeddings: false, n_inner: 12, layer_norm_epsilon: 1e-6 }).isTied, false);
    assert.is(parse({ n_inner: 12 }).innerWidth, 12);
    assert.is(parse({ layer_norm_epsilon: 1e-6 }).layerNormEpsilon, 1e-6);
  });

  test("refuses other architectures and variants, and says which key", () => {
    const cases: readonly [Readonly<Record<string, unknown>>, RegExp][] = [
      [{ model_type: "llama" }, /model_type: "llama"/],
      [{ model_type: undefined }, /model_type: nothing/],
      [{ activation_function: "relu" }, /activation_function: "relu"/],
      [{ scale_attn_by_inverse_layer_idx: true }, /scale_attn_by_inverse_layer_idx: true/],
      [{ scale_attn_weights: false }, /scale_attn_weights: false/],
      [{ add_cross_attention: true }, /add_cross_attention: true/],
      [{ n_embd: 9 }, /9 and 2/],
      [{ n_layer: 0 }, /n_layer: 0/],
      [{ n_head: "2" }, /n_head: "2"/],
      [{ vocab_size: undefined }, /vocab_size: nothing/],
      [{ layer_norm_epsilon: "small" }, /"small"/],
    ];
    for (const [change, pattern] of cases) {
      const error = throwsWith("MODEL_UNSUPPORTED", () => parse(change));
      assert.match(error.received ?? "", pattern);
      assert.is(error.where, "config.json");
      assert.match(error.next ?? "", /source: activations/);
    }
  });

  test("refuses what is not a JSON object, or not there", async () => {
    for (const text of ["", "{", "[]", "null", "3"]) {
      throwsWith("MODEL_UNSUPPORTED", () => parseGpt2Config("config.json", text));
    }
    await rejectsWith("FILE_MISSING", readGpt2Config("data/text"));
  });
});
