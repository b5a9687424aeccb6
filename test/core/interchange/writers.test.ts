import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { inRawUnits } from "../../../core/interchange/fold.ts";
import type { ForeignSae, SaeTensor } from "../../../core/interchange/foreign-sae.ts";
import { rowNorms } from "../../../core/interchange/matrices.ts";
import { readSae } from "../../../core/interchange/read-sae.ts";
import { writeSaeLens } from "../../../core/interchange/sae-lens-writer.ts";
import { writeSwitchSae } from "../../../core/interchange/switch-sae.ts";
import { writeSwitchyard } from "../../../core/interchange/switchyard.ts";
import { suite } from "../../suite.ts";
import { rejectsWith, throwsWith } from "../data/expect-error.ts";
import { normalRows } from "../model/make-model.ts";
import { temporaryFolder } from "../run/fixtures.ts";
import { assertClose, computedBy, expectedOf, fixture } from "./fixtures.ts";

/** Fixtures that SAELens has an architecture for, with the name of it that is written. */
const saeLensCases: Readonly<Record<string, string>> = {
  "saelens-standard": "standard",
  "dl-auto-encoder-new": "standard",
  "saelens-topk": "topk",
  "saelens-topk-layer-norm": "topk",
  "saelens-jumprelu": "jumprelu",
  "dl-batch-top-k": "jumprelu",
  "dl-matryoshka": "jumprelu",
  "saelens-gated": "gated",
  sparsify: "topk",
};

const switchCases = ["switch-sae", "switch-sae-heaviside"];

/** The same autoencoder trained on inputs multiplied by s: what expected-average-norm leaves in a checkpoint. */
function scaled(sae: ForeignSae, s: number): ForeignSae {
  const powers: Readonly<Record<string, number>> = {
    ...{ encoder_bias: 1, decoder_bias: 1, "router.weight": -1, "router.input_bias": 1 },
    ...{ "expert.threshold": 1, "expert.inference_threshold": 1, "expert.gate_bias": 1, "expert.magnitude_bias": 1 },
  };
  const parameters = new Map<string, SaeTensor>(
    [...sae.parameters].map(([name, { shape, data }]) => [
      name,
      { shape, data: data.map((value) => value * s ** (powers[name] ?? 0)) },
    ]),
  );
  parameters.set("activation_scale", { shape: [], data: Float32Array.of(s) });
  return { ...sae, parameters, model: { ...sae.model, normaliseActivations: "expected-average-norm" } };
}

suite("writers of foreign formats", (test) => {
  for (const [name, architecture] of Object.entries(saeLensCases)) {
    test(`saelens: ${name} reconstructs the same as ${architecture}`, async () => {
      const folder = temporaryFolder();
      const sae = await readSae(fixture(name));
      await writeSaeLens(sae, folder, { model_name: "gpt2" });
      const written = await readSae(folder);
      assert.equal([written.format, written.architecture], ["saelens", architecture]);
      const { acts, code, reconstruction } = await expectedOf(name);
      const computed = await computedBy(written, acts);
      assertClose(computed.code, code, 1e-5, "code");
      assertClose(computed.reconstruction, reconstruction, 1e-5, "reconstruction");
      const config = JSON.parse(readFileSync(join(folder, "cfg.json"), "utf8")) as Record<string, unknown>;
      assert.equal(config["metadata"], { sae_lens_version: "6.0.0", model_name: "gpt2" });
      assert.equal([config["d_in"], config["d_sae"]], [8, 32]);
    });
  }

  for (const name of switchCases) {
    test(`switch-sae: ${name} keeps every parameter to the bit`, async () => {
      const folder = temporaryFolder();
      const sae = await readSae(fixture(name));
      await writeSwitchSae(sae, folder);
      const written = await readSae(folder);
      assert.is(written.format, "switch-sae");
      assert.equal(written.model, sae.model);
      assert.equal(new Map(written.parameters), new Map(sae.parameters));
    });
  }

  test("switch-sae: a model without a router is one expert", async () => {
    const [folder, { acts }] = [temporaryFolder(), await expectedOf("sparsify")];
    const sae = await readSae(fixture("sparsify"));
    const parameters = new Map(sae.parameters);
    parameters.delete("encoder_bias");
    const unbiased = { ...sae, parameters, model: { ...sae.model, encoderBias: false } };
    await writeSwitchSae(unbiased, folder);
    const written = await readSae(folder);
    assert.is(written.model.router["experts"], 1);
    const before = await computedBy(unbiased, acts);
    assertClose((await computedBy(written, acts)).reconstruction, before.reconstruction, 1e-6, "reconstruction");
  });

  test("switchyard: every model comes back as it was, decoder norms included", async () => {
    for (const name of ["dl-matryoshka", "switch-sae-heaviside", "saelens-gated", "openai-top-k/model.pt"]) {
      const folder = temporaryFolder();
      const sae = await readSae(fixture(...name.split("/")));
      await writeSwitchyard(sae, folder, "A test");
      const written = await readSae(folder);
      assert.is(written.format, "switchyard");
      assert.equal(written.model, sae.model);
      assert.equal(new Map(written.parameters), new Map(sae.parameters));
      const norms = rowNorms(written.parameters.get("decoder")!.data, 32);
      assert.ok(Math.abs(norms[0]! - 0.5) < 1e-6 && Math.abs(norms[31]! - 1.5) < 1e-6, name);
    }
  });

  test("an input scale is folded: the forward pass before and after is the same", async () => {
    const names = [...Object.keys(saeLensCases), ...switchCases, "dl-gated", "dl-jump-relu"];
    for (const name of names.filter((each) => !each.includes("layer-norm"))) {
      const { acts, reconstruction } = await expectedOf(name);
      const sae = scaled(await readSae(fixture(name)), 0.37);
      const before = await computedBy(sae, acts);
      assertClose(before.reconstruction, reconstruction, 1e-5, `${name}, scaled`);
      const folded = inRawUnits(sae);
      assert.is(folded.model.normaliseActivations, "none");
      assert.not.ok(folded.parameters.has("activation_scale"));
      const after = await computedBy(folded, acts);
      assertClose(after.reconstruction, before.reconstruction, 1e-5, `${name}, folded`);
      // Codes are in the units of what is encoded.
      assertClose(
        after.code,
        before.code.map((value) => value / 0.37),
        1e-5,
        `${name}, code`,
      );
    }
  });

  test("an input scale is folded into every router", async () => {
    const { acts } = await expectedOf("sparsify");
    const base = await readSae(fixture("sparsify"));
    const drawn = (shape: readonly number[], seed: number): SaeTensor => {
      const [rows = 1, columns = 1] = shape;
      return { shape, data: normalRows(rows, columns, seed) };
    };
    const [weight, bias, perExpert] = [drawn([4, 8], 1), drawn([8], 2), drawn([4], 3)];
    const linear = { "router.weight": weight, "router.input_bias": bias };
    const routers: Readonly<Record<string, Readonly<Record<string, SaeTensor>>>> = {
      "top-e": { ...linear, "router.score_bias": perExpert },
      "noisy-top-e": { ...linear, "router.noise_weight": drawn([4, 8], 4) },
      stochastic: linear,
      hash: { "router.directions": weight, "router.centre": bias },
    };
    for (const [type, own] of Object.entries(routers)) {
      const parameters = new Map([
        ...base.parameters,
        ...Object.entries(own),
        ["activation_scale", { shape: [], data: Float32Array.of(0.37) }] as const,
      ]);
      const router = { type, experts: 4 };
      const model = { ...base.model, router, normaliseActivations: "expected-average-norm" as const };
      const sae = { ...base, model, parameters };
      const before = await computedBy(sae, acts);
      const after = await computedBy(inRawUnits(sae), acts);
      assertClose(after.reconstruction, before.reconstruction, 1e-5, type);
      assert.ok(before.code.some((value) => value !== 0));
    }
  });

  test("files of scaled models are in the units of the activations", async () => {
    const { acts, reconstruction } = await expectedOf("switch-sae");
    const sae = scaled(await readSae(fixture("switch-sae")), 2.5);
    for (const write of [writeSwitchSae, (each: ForeignSae, to: string) => writeSwitchyard(each, to, "A test")]) {
      const folder = temporaryFolder();
      await write(sae, folder);
      const computed = await computedBy(await readSae(folder), acts);
      assertClose(computed.reconstruction, reconstruction, 1e-5, "reconstruction");
    }
  });

  test("what a format cannot say is an error", async () => {
    const folder = temporaryFolder();
    const routed = await rejectsWith(
      "EXPORT_IMPOSSIBLE",
      writeSaeLens(await readSae(fixture("switch-sae")), folder, {}),
    );
    assert.match(routed.next ?? "", /masks all experts.*--format switch-sae/);
    const refused = async (name: string, pattern: RegExp, change: Partial<ForeignSae["model"]> = {}): Promise<void> => {
      const sae = await readSae(fixture(...name.split("/")));
      const changed = { ...sae, model: { ...sae.model, ...change } };
      assert.match((await rejectsWith("EXPORT_IMPOSSIBLE", writeSwitchSae(changed, folder))).where ?? "", pattern);
    };
    await refused("openai-top-k/model.pt", /encoderBias/);
    await refused("openai-top-k/model.pt", /normaliseActivations/, { encoderBias: false });
    await refused("saelens-gated", /expert/);
    await refused("switch-sae", /shared/, { router: { type: "switch", experts: 4, shared: 1 } });
    await refused("switch-sae", /router/, { router: { type: "top-e", experts: 4, e: 2 } });
    await refused("switch-sae", /subtractDecoderBias/, { subtractDecoderBias: false });
    await refused("switch-sae", /threshold/, { expert: { type: "top-k", k: 2, threshold: "use" } });
    const custom = await readSae(fixture("sparsify"));
    const foreign = { ...custom, model: { ...custom.model, expert: { type: "my-expert" } } };
    await rejectsWith("EXPORT_IMPOSSIBLE", writeSaeLens(foreign, folder, {}));
  });

  test("a threshold that was never estimated, a scale of an unknown parameter, a scale that is missing", async () => {
    const sae = await readSae(fixture("dl-batch-top-k"));
    const unset = new Map([
      ...sae.parameters,
      ["expert.inference_threshold", { shape: [], data: Float32Array.of(-1) }],
    ]);
    const error = await rejectsWith(
      "EXPORT_IMPOSSIBLE",
      writeSaeLens({ ...sae, parameters: unset }, temporaryFolder(), {}),
    );
    assert.match(error.received ?? "", /none/);
    const own = scaled(sae, 2);
    const parameters = new Map([...own.parameters, ["expert.mine", { shape: [], data: Float32Array.of(1) }]]);
    throwsWith("EXPORT_IMPOSSIBLE", () => inRawUnits({ ...own, parameters: parameters }));
    throwsWith("FOREIGN_TENSORS", () => inRawUnits({ ...own, parameters: sae.parameters }));
  });
});
