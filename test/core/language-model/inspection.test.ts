import { copyFileSync } from "node:fs";
import { join } from "node:path";
import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { LanguageModelInspection } from "../../../core/data/contracts.ts";
import { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { readGpt2Tensors } from "../../../core/language-model/checkpoint.ts";
import type { Gpt2Tensors } from "../../../core/language-model/checkpoint.ts";
import { readGpt2Config } from "../../../core/language-model/gpt2-config.ts";
import type { Gpt2Config } from "../../../core/language-model/gpt2-config.ts";
import { createGpt2 } from "../../../core/language-model/gpt2.ts";
import type { Gpt2 } from "../../../core/language-model/gpt2.ts";
import { hookNames } from "../../../core/language-model/hook-points.ts";
import { createInspection } from "../../../core/language-model/inspection.ts";
import type { InspectionOptions } from "../../../core/language-model/inspection.ts";
import { loadTokenizer } from "../../../core/language-model/tokenizer.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import type { Kernels } from "../../../kernels/kernels.ts";
import { suite } from "../../suite.ts";
import { rejectsWith } from "../data/expect-error.ts";
import { temporaryFolder } from "../data/temporary-folder.ts";
import { referencePass } from "./gpt2-reference.ts";
import { writeCheckpoint } from "./tiny-checkpoint.ts";

const contexts = [
  [3, 1, 4, 1, 5, 9],
  [2, 6, 5, 3, 5, 8],
];
const folder = join(temporaryFolder(), "tiny");
let tf: typeof tensorflow;
let kernels: Kernels;
let model: Gpt2;
let tensors: Gpt2Tensors;
let config: Gpt2Config;

function inspect(change: Partial<InspectionOptions> = {}): LanguageModelInspection {
  return createInspection({
    ...{ tf, config, model: () => Promise.resolve(model), tokenizer: () => loadTokenizer(folder) },
    hook: { layer: 0, name: "resid-post" },
    ids: Int32Array.from(contexts.flat()),
    contextLength: 6,
    excludePositions: [0],
    ...change,
  });
}

function near(actual: ArrayLike<number>, expected: readonly number[], what: string, tolerance = 2e-5): void {
  assert.is(actual.length, expected.length, what);
  for (const [i, value] of expected.entries()) {
    assert.ok(Math.abs(actual[i]! - value) < tolerance, `${what} ${i}: ${actual[i]}, not ${value}`);
  }
}

/** The final residual [D] of the last position, in float64. */
function lastResidual(ids: readonly number[]): readonly number[] {
  return referencePass(config, tensors, ids).points.get("resid-post.1")!.at(-1)!;
}

suite("inspection of a language model", (test, hooks) => {
  hooks.before(async () => {
    ({ tf, kernels } = await wasmDevice.open());
    await writeCheckpoint(folder);
    config = await readGpt2Config(folder);
    tensors = await readGpt2Tensors(folder, config);
    model = createGpt2({ tf, kernels, config, tensors });
  });

  test("gives the reference's logits after a text whose activations are changed at some positions", async () => {
    const [ids = []] = contexts;
    for (const name of hookNames) {
      const change = (values: readonly number[]): readonly number[] => values.map((value) => value * 3 - 0.25);
      const { logits } = referencePass(config, tensors, ids, (point, rows) =>
        point === `${name}.1` ? rows.map((row, t) => (t === 2 || t === 5 ? change(row) : row)) : rows,
      );
      const splice = {
        kind: "replace" as const,
        replace: (acts_ND: tensorflow.Tensor2D) => tf.sub<tensorflow.Tensor2D>(tf.mul(acts_ND, 3), 0.25),
      };
      const inspection = inspect({ hook: { layer: 1, name } });
      const text = { ids: Int32Array.from(ids), splice, positions: Int32Array.of(2, 5) };
      near((await inspection.nextToken(text)).logits_V, logits.at(-1)!, name);
    }
  });

  test("leaves the text as it is with the original, and with no position to splice", async () => {
    const [ids = []] = contexts;
    const { logits } = referencePass(config, tensors, ids);
    const text = { ids: Int32Array.from(ids), positions: Int32Array.of(1, 2) };
    const original = await inspect().nextToken({ ...text, splice: { kind: "original" } });
    near(original.logits_V, logits.at(-1)!, "original");
    const nowhere = await inspect().nextToken({ ...text, splice: { kind: "zero" }, positions: new Int32Array(0) });
    assert.equal([...nowhere.logits_V], [...original.logits_V]);
  });

  test("tells the scale that the final layer norm divides by", async () => {
    const ids = contexts[1]!;
    const residual = lastResidual(ids);
    const mean = residual.reduce((sum, value) => sum + value, 0) / residual.length;
    const variance = residual.reduce((sum, value) => sum + (value - mean) ** 2, 0) / residual.length;
    const text = { ids: Int32Array.from(ids), splice: { kind: "original" } as const, positions: Int32Array.of(1) };
    const { finalScale } = await inspect().nextToken(text);
    near([finalScale], [Math.sqrt(variance + config.layerNormEpsilon)], "scale");
  });

  test("puts directions through the unembedding, with the layer norm's gain and without", async () => {
    const directions = [
      [1, -2, 0.5, 3, 0, 0.25, -1, 2],
      [0, 0, 0, 1, 0, 0, 0, 0],
    ];
    const gain = tensors.get("ln_f.weight")!.data;
    const unembedding = tensors.get("wte.weight")!.data;
    const through = (row: readonly number[]): readonly number[] =>
      Array.from({ length: 20 }, (_unused, v) =>
        row.reduce((sum, value, d) => sum + value * unembedding[v * 8 + d]!, 0),
      );
    const plain = await inspect().directLogits(tf.tensor2d(directions), { foldNorm: false });
    assert.equal(plain.shape, [2, 20]);
    near(plain.dataSync(), directions.flatMap(through), "plain");
    const folded = await inspect().directLogits(tf.tensor2d(directions), { foldNorm: true });
    const normed = directions.map((row) => {
      const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
      return row.map((value, d) => (value - mean) * gain[d]!);
    });
    near(folded.dataSync(), normed.flatMap(through), "folded");
  });

  test("the direct effect is the change of the logits where nothing lies between and the scale stays", async () => {
    // Spliced at the last layer's output; a step along the residual's own deviation would change the scale.
    const ids = Int32Array.from(contexts[0]!);
    const inspection = inspect({ hook: { layer: 1, name: "resid-post" } });
    const residual = lastResidual(contexts[0]!);
    const mean = residual.reduce((sum, value) => sum + value, 0) / residual.length;
    const centred = residual.map((value) => value - mean);
    // Orthogonal to the deviation and to the ones: to first order, the scale does not change.
    const raw = [0.3, -0.1, 0.2, 0.5, -0.4, 0.1, 0.05, -0.2];
    const rawMean = raw.reduce((sum, value) => sum + value, 0) / raw.length;
    const along = raw.reduce((sum, value, d) => sum + (value - rawMean) * centred[d]!, 0);
    const squares = centred.reduce((sum, value) => sum + value ** 2, 0);
    const direction = raw.map((value, d) => value - rawMean - (along / squares) * centred[d]!);
    const step = 1e-2;
    const replace = (acts_ND: tensorflow.Tensor2D): tensorflow.Tensor2D =>
      tf.add(acts_ND, tf.mul(tf.tensor1d(direction), step));
    const positions = Int32Array.of(5);
    const before = await inspection.nextToken({ ids, positions, splice: { kind: "original" } });
    const after = await inspection.nextToken({ ids, positions, splice: { kind: "replace", replace } });
    const direct = await inspection.directLogits(tf.tensor2d([direction]), { foldNorm: true });
    const predicted = Array.from(direct.dataSync(), (logit) => (logit * step) / before.finalScale);
    assert.ok(Math.max(...predicted.map(Math.abs)) > 1e-3);
    near(
      before.logits_V.map((logit, v) => after.logits_V[v]! - logit),
      predicted,
      "change",
      1e-4,
    );
  });

  test("shows tokens by number where the checkpoint has no tokenizer, and refuses to encode", async () => {
    assert.equal(await inspect().tokenTexts(Int32Array.of(17, 0)), ["<17>", "<0>"]);
    await rejectsWith("TOKENIZER_UNUSABLE", inspect().encode("so"));
    await rejectsWith("TOKENIZER_UNUSABLE", inspect().decode(Int32Array.of(1)));
    const broken = inspect({ tokenizer: () => Promise.reject(new SwitchyardError("FILE_UNREADABLE", "Gone.")) });
    await rejectsWith("FILE_UNREADABLE", broken.tokenTexts(Int32Array.of(1)));
  });

  test("shows tokens by their text where there is one", async () => {
    for (const name of ["vocab.json", "merges.txt"]) copyFileSync(join("data/tiny-gpt2", name), join(folder, name));
    const inspection = inspect();
    const ids = await inspection.encode("the old man");
    const texts = await inspection.tokenTexts(ids);
    assert.is(texts.join(""), "the old man");
    assert.is(await inspection.decode(ids), "the old man");
    assert.is(texts.length, ids.length);
  });

  test("hands over the contexts, and what it can read", () => {
    const inspection = inspect();
    assert.equal([...inspection.contextIds(1)], contexts[1]!);
    assert.equal(
      [inspection.numContexts, inspection.contextLength, inspection.maxPositions, inspection.vocabularySize],
      [2, 6, 16, 20],
    );
  });

  test("refuses a text of no tokens, and one longer than the model", async () => {
    const text = { splice: { kind: "original" } as const, positions: new Int32Array(0) };
    await rejectsWith("TEXT_LENGTH", inspect().nextToken({ ...text, ids: new Int32Array(0) }));
    await rejectsWith("TEXT_LENGTH", inspect().nextToken({ ...text, ids: new Int32Array(17) }));
  });

  test("leaves no tensor behind", async () => {
    const text = { ids: Int32Array.of(1, 2), splice: { kind: "zero" } as const, positions: Int32Array.of(1) };
    await inspect().nextToken(text);
    const before = tf.memory().numTensors;
    await inspect().nextToken(text);
    assert.is(tf.memory().numTensors, before);
  });
});
