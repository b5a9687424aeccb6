import * as assert from "uvu/assert";
import { readSae } from "../../../core/interchange/read-sae.ts";
import { suite } from "../../suite.ts";
import { assertClose, computedBy, expectedOf, fixture, fixtureNames } from "./fixtures.ts";

/** Fixture -> format, expert, and the file named where it is not the folder. */
const cases: Readonly<Record<string, readonly [format: string, expert: string, file?: string]>> = {
  "saelens-standard": ["saelens", "relu"],
  "saelens-standard-raw-input": ["saelens", "relu"],
  "saelens-topk": ["saelens", "top-k"],
  "saelens-topk-rescaled": ["saelens", "top-k"],
  "saelens-jumprelu": ["saelens", "jump-relu"],
  "saelens-gated": ["saelens", "gated"],
  "saelens-topk-layer-norm": ["saelens", "top-k"],
  "saelens-5-topk": ["saelens", "top-k"],
  "saelens-5-finetuned": ["saelens", "relu"],
  "saelens-batchtopk-unfolded": ["saelens", "batch-top-k"],
  "dl-auto-encoder": ["dictionary-learning", "relu"],
  "dl-auto-encoder-new": ["dictionary-learning", "relu"],
  "dl-gated": ["dictionary-learning", "gated"],
  "dl-top-k": ["dictionary-learning", "top-k"],
  "dl-batch-top-k": ["dictionary-learning", "batch-top-k"],
  "dl-jump-relu": ["dictionary-learning", "jump-relu"],
  "dl-matryoshka": ["dictionary-learning", "matryoshka-batch-top-k"],
  "dl-backup": ["dictionary-learning", "batch-top-k"],
  "dl-legacy-file": ["dictionary-learning", "relu", "checkpoints/ae_10.pt"],
  "switch-sae": ["switch-sae", "top-k"],
  "switch-sae-heaviside": ["switch-sae", "top-k"],
  "switch-sae-small-experts": ["switch-sae", "top-k"],
  sparsify: ["sparsify", "top-k"],
  "openai-top-k": ["openai", "top-k", "model.pt"],
  "openai-relu": ["openai", "relu", "model.pt"],
};

const tolerance = 1e-5;

suite("foreign autoencoders", (test) => {
  test("are all covered here", () => {
    assert.equal([...fixtureNames()].sort(), Object.keys(cases).sort());
  });

  for (const [name, [format, expert, file]] of Object.entries(cases)) {
    test(`${name}: what it computes here is what its library computes`, async () => {
      const sae = await readSae(fixture(name, ...(file === undefined ? [] : [file])));
      assert.equal([sae.format, sae.model.expert.type], [format, expert]);
      const expected = await expectedOf(name);
      assert.is(expected.numRows, 16);
      const computed = await computedBy(sae, expected.acts);
      assertClose(computed.code, expected.code, tolerance, "code");
      assertClose(computed.reconstruction, expected.reconstruction, tolerance, "reconstruction");
      assert.ok(expected.code.some((value) => value > 0) && expected.code.some((value) => value === 0));
    });
  }
});
