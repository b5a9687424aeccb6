import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { readSafetensors, writeSafetensors } from "../../../core/data/safetensors.ts";
import type { WritableTensor } from "../../../core/data/safetensors.ts";
import { readSae } from "../../../core/interchange/read-sae.ts";
import { suite } from "../../suite.ts";
import { rejectsWith } from "../data/expect-error.ts";
import { temporaryFolder } from "../run/fixtures.ts";
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

/** A copy of a fixture with its config changed; null removes a key. */
function changed(name: string, configName: string, change: Readonly<Record<string, unknown>>): string {
  const folder = temporaryFolder();
  cpSync(fixture(name), folder, { recursive: true });
  const file = join(folder, configName);
  const config = JSON.parse(readFileSync(file, "utf8")) as Record<string, Record<string, unknown>>;
  const target = config["trainer"] ?? config;
  for (const [key, value] of Object.entries(change)) {
    if (value === null) Reflect.deleteProperty(target, key);
    else target[key] = value;
  }
  writeFileSync(file, JSON.stringify(config));
  return folder;
}

suite("foreign autoencoders that are not understood", (test) => {
  test("a config that lacks or contradicts something is named with file and key", async () => {
    const cases: readonly (readonly [string, string, Readonly<Record<string, unknown>>, RegExp])[] = [
      ["saelens-topk", "cfg.json", { k: null }, /cfg\.json, k$/],
      ["saelens-topk", "cfg.json", { d_in: 9 }, /cfg\.json, d_in$/],
      ["saelens-topk", "cfg.json", { apply_b_dec_to_input: "yes" }, /apply_b_dec_to_input$/],
      ["sparsify", "cfg.json", { k: 0 }, /cfg\.json, k$/],
      ["switch-sae", "config.json", { k: null }, /config\.json, trainer, k$/],
      ["switch-sae", "config.json", { experts: 8 }, /trainer, experts$/],
      ["switch-sae", "config.json", { heaviside: 1 }, /trainer, heaviside$/],
      ["dl-batch-top-k", "config.json", { dict_class: null }, /trainer, dict_class$/],
    ];
    for (const [name, file, change, where] of cases) {
      const error = await rejectsWith("FOREIGN_CONFIG", readSae(changed(name, file, change)));
      assert.match(error.where ?? "", where);
      assert.ok(error.next !== undefined && error.received !== undefined);
    }
  });

  test("what no model here does is refused", async () => {
    const cases: readonly (readonly [string, string, Readonly<Record<string, unknown>>])[] = [
      ["saelens-standard", "cfg.json", { architecture: "transcoder" }],
      ["saelens-standard", "cfg.json", { normalize_activations: "constant_norm_rescale" }],
      ["saelens-standard", "cfg.json", { activation_fn_str: "tanh-relu" }],
      ["sparsify", "cfg.json", { transcode: true }],
      ["sparsify", "cfg.json", { activation: "groupmax" }],
      ["dl-batch-top-k", "config.json", { dict_class: "SomethingElse" }],
    ];
    for (const [name, file, change] of cases) {
      await rejectsWith("FOREIGN_UNSUPPORTED", readSae(changed(name, file, change)));
    }
  });

  test("an input scale that is not known is no scale of 1", async () => {
    const folder = changed("saelens-batchtopk-unfolded", "cfg.json", {});
    rmSync(join(folder, "activation_scaler.json"));
    const error = await rejectsWith("FOREIGN_CONFIG", readSae(folder));
    assert.match(error.next ?? "", /fold_activation_norm_scaling_factor/);
  });

  test("weights that are missing, misshapen or not finite", async () => {
    const folder = changed("sparsify", "cfg.json", {});
    const weights = (await readSafetensors(join(folder, "sae.safetensors"))).tensors;
    const write = async (change: Readonly<Record<string, WritableTensor | undefined>>): Promise<void> => {
      const entries = [...weights, ...Object.entries(change)].filter(([, tensor]) => tensor !== undefined);
      const kept = entries.filter(([name, tensor]) => !(name in change) || tensor === change[name]);
      await writeSafetensors(
        join(folder, "sae.safetensors"),
        Object.fromEntries(kept) as Record<string, WritableTensor>,
      );
    };
    await write({ b_dec: undefined });
    assert.match((await rejectsWith("FOREIGN_TENSORS", readSae(folder))).received ?? "", /W_dec/);
    await write({ b_dec: { shape: [9], data: new Float32Array(9) } });
    assert.match((await rejectsWith("FOREIGN_TENSORS", readSae(folder))).where ?? "", /tensor b_dec$/);
    await write({ b_dec: { shape: [8], data: new Float32Array(8).fill(Number.NaN, 3) } });
    assert.match((await rejectsWith("FOREIGN_TENSORS", readSae(folder))).where ?? "", /tensor b_dec, element 3$/);
  });

  test("a config that is no JSON is wrong at a byte, a state dict that is no dict at all is said to be none", async () => {
    const folder = changed("sparsify", "cfg.json", {});
    writeFileSync(join(folder, "cfg.json"), '{"k": 5,, }');
    assert.match((await rejectsWith("FOREIGN_CONFIG", readSae(folder))).where ?? "", /cfg\.json, byte \d+$/);
    const file = join(folder, "list.pt");
    // The older form of torch.save, of the list [1].
    const pickles = ["\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", "M\xe9\x03.", "}.", "]K\x01a.", "]."];
    writeFileSync(file, Buffer.from(pickles.map((pickle) => `\x80\x02${pickle}`).join(""), "latin1"));
    assert.match((await rejectsWith("FOREIGN_TENSORS", readSae(file))).received ?? "", /a list/);
    await rejectsWith("FOREIGN_FORMAT_UNKNOWN", readSae(fixture("torch-types", "zip.pt")));
    await rejectsWith("FOREIGN_FORMAT_UNKNOWN", readSae(temporaryFolder()));
  });

  test("a format that is named is believed", async () => {
    await rejectsWith("FILE_MISSING", readSae(fixture("sparsify"), "saelens"));
    await rejectsWith("FOREIGN_TENSORS", readSae(fixture("dl-auto-encoder", "ae.pt"), "openai"));
    assert.is((await readSae(fixture("switch-sae", "ae.pt"), "switch-sae")).files.length, 2);
  });
});
