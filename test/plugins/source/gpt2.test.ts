import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { ActivationSource, SourceFacts } from "../../../core/data/contracts.ts";
import { readSafetensors, writeSafetensors } from "../../../core/data/safetensors.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import type { Kernels } from "../../../kernels/kernels.ts";
import { gpt2 } from "../../../plugins/source/gpt2.ts";
import { rejectsWith } from "../../core/data/expect-error.ts";
import { temporaryFolder } from "../../core/data/temporary-folder.ts";
import { writeCheckpoint } from "../../core/language-model/tiny-checkpoint.ts";
import { suite } from "../../suite.ts";

const folder = temporaryFolder();
const paths = { projectFolder: folder, cacheFolder: join(folder, "cache") };
cpSync("data/tiny-gpt2", join(folder, "tiny-gpt2"), { recursive: true });
const novel = readFileSync("data/text/the-time-machine.txt", "utf8");
writeFileSync(join(folder, "short.txt"), novel.slice(0, 8000));
writeFileSync(join(folder, "empty.txt"), "");

type Options = Parameters<typeof gpt2.create>[0];
const base: Options = {
  model: "tiny-gpt2",
  revision: "main",
  texts: ["short.txt"],
  field: "text",
  layer: 2,
  hook: "resid-post",
  heldOutFraction: 0.1,
  excludePositions: [0],
  batchContexts: 4,
  precision: "float32",
};

let tf: typeof tensorflow;
let kernels: Kernels;
let progress: string[] = [];

async function open(change: Partial<Options> = {}): Promise<ActivationSource> {
  return gpt2.create(
    { ...base, ...change },
    { tf, kernels, paths, progress: (done, total, what) => void progress.push(`${done}/${total} ${what}`) },
  );
}

async function factsOf(change: Partial<Options> = {}): Promise<SourceFacts> {
  return gpt2.facts!({ ...base, ...change }, paths);
}

async function rows(store: ActivationSource["train"], start = 0, count = store.numRows): Promise<Float32Array> {
  const into = new Float32Array(count * store.width);
  await store.read(start, count, into);
  return into;
}

suite("source/gpt2", (test, hooks) => {
  hooks.before(async () => {
    ({ tf, kernels } = await wasmDevice.open());
    const { tensors } = await readSafetensors("test/data/tiny-gpt2-fixture.safetensors");
    await writeSafetensors(join(folder, "ids.safetensors"), { ids: tensors.get("ids")! });
  });

  test("harvests the very activations that PyTorch computed, without the excluded positions", async () => {
    const source = await open({ texts: ["ids.safetensors"], heldOutFraction: 0.25, excludePositions: [0, 5] });
    assert.equal([source.width, source.train.numRows, source.heldOut.numRows], [128, 3 * 126, 126]);
    const { tensors } = await readSafetensors("test/data/tiny-gpt2-fixture.safetensors");
    const reference = tensors.get("resid_post.2")!.data as Float32Array;
    // Every document of one context: the running share holds out the first of four.
    const check = async (
      store: ActivationSource["train"],
      row: number,
      context: number,
      position: number,
    ): Promise<void> => {
      const values = await rows(store, row, 1);
      const start = (context * 128 + position) * 128;
      for (const [i, value] of values.entries()) assert.ok(Math.abs(value - reference[start + i]!) < 1e-4);
    };
    await check(source.heldOut, 0, 0, 1);
    await check(source.heldOut, 125, 0, 127);
    await check(source.train, 3, 1, 4);
    await check(source.train, 4, 1, 6);
    await check(source.train, 3 * 126 - 1, 3, 127);
    const { originalNats: nats, numTokens } = await source.languageModel!.measure([], 10);
    assert.is(numTokens, 127);
    assert.ok(nats > 3 && nats < 6, `${nats}`);
    await gpt2.dispose!(source);
  });

  test("harvests once: the next run reads the same rows from the cache, and the facts name the entry", async () => {
    progress = [];
    const first = await open();
    assert.match(progress.at(-1) ?? "", /^(\d+)\/\1 harvesting resid-post of layer 2 \(tokens\)$/);
    progress = [];
    const second = await open({ batchContexts: 3 });
    assert.equal(progress, []);
    assert.equal(await rows(second.train), await rows(first.train));
    assert.equal(await rows(second.heldOut), await rows(first.heldOut));
    const facts = await factsOf();
    assert.is(facts.width, 128);
    assert.match(facts.description, /^tiny-gpt2, resid-post of layer 2, 1 text, 0\.0 MB$/);
    assert.ok(readdirSync(join(paths.cacheFolder, "activations")).includes(facts.fingerprint));
  });

  test("splicing tells original, zeros and replacements apart", async () => {
    const { languageModel } = await open();
    const splices = [
      { kind: "zero" },
      { kind: "replace", replace: (acts: tensorflow.Tensor2D) => tf.mul<tensorflow.Tensor2D>(acts, 0.9) },
    ] as const;
    const { originalNats, effects } = await languageModel!.measure(splices, 4);
    const [zero, most] = effects;
    assert.ok(originalNats < most!.nats && most!.nats < zero!.nats, `${originalNats} ${most!.nats} ${zero!.nats}`);
    assert.ok(most!.kl > 0 && most!.kl < zero!.kl, `${most!.kl} ${zero!.kl}`);
  });

  test("knows the position of every held-out row in its context", async () => {
    const all = await open();
    assert.equal([0, 1, 125, 126, 127].map(all.heldOutPositions!), [1, 2, 126, 127, 1]);
    const some = await open({ excludePositions: [1, 2] });
    assert.equal([0, 1, 2, 125, 126, 127].map(some.heldOutPositions!), [0, 3, 4, 127, 0, 3]);
    for (const source of [all, some]) await gpt2.dispose!(source);
  });

  test("harvests again when the cache is damaged, to the same rows", async () => {
    const source = await open();
    const before = await rows(source.train);
    const entry = join(paths.cacheFolder, "activations", (await factsOf()).fingerprint);
    const shard = join(entry, "shard-00000.safetensors");
    const bytes = readFileSync(shard);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(shard, bytes);
    assert.equal(await rows((await open()).train), before);
    rmSync(join(entry, "index.json"));
    assert.equal(await rows((await open()).train), before);
  });

  test("stores half precision on request: half the bytes, nearly the same numbers", async () => {
    const single = await rows((await open()).train);
    const half = await rows((await open({ precision: "float16" })).train);
    const worst = half.reduce(
      (max, value, i) => Math.max(max, Math.abs(value - single[i]!) / (1 + Math.abs(single[i]!))),
      0,
    );
    assert.ok(worst > 0 && worst < 2 ** -11, `${worst}`);
  });

  test("has one fingerprint for one content, and another for whatever changes the rows", async () => {
    const facts = await factsOf();
    cpSync(join(folder, "tiny-gpt2"), join(folder, "copy"), { recursive: true });
    cpSync(join(folder, "short.txt"), join(folder, "renamed.txt"));
    const same = await factsOf({ model: "copy", texts: ["renamed.txt"], batchContexts: 1, excludePositions: [0, 0] });
    assert.is(same.fingerprint, facts.fingerprint);
    const changes: readonly Partial<Options>[] = [
      { layer: 1 },
      { hook: "mlp-out" },
      { contextLength: 64 },
      { maxTokens: 512 },
      { heldOutFraction: 0.2 },
      { excludePositions: [] },
      { precision: "float16" },
      { texts: ["short.txt", "short.txt"] },
      { texts: ["ids.safetensors"] },
    ];
    const prints = await Promise.all([{}, ...changes].map(factsOf));
    assert.is(new Set(prints.map(({ fingerprint }) => fingerprint)).size, changes.length + 1);
    writeFileSync(
      join(folder, "copy", "merges.txt"),
      readFileSync(join(folder, "copy", "merges.txt"), "utf8").slice(0, -8),
    );
    assert.is.not((await factsOf({ model: "copy" })).fingerprint, facts.fingerprint);
  });

  test("takes no more tokens than asked for", async () => {
    const source = await open({ maxTokens: 700, contextLength: 64, heldOutFraction: 0.2 });
    assert.equal([source.train.numRows, source.heldOut.numRows], [8 * 63, 2 * 63]);
  });

  test("names the text that is empty or too short, and the line that is broken", async () => {
    const empty = await rejectsWith("TEXT_TOO_SHORT", open({ texts: ["short.txt", "empty.txt"] }));
    assert.match(empty.where ?? "", /empty\.txt$/);
    writeFileSync(join(folder, "bad.jsonl"), '{"text": "fine"}\n{"text": \n');
    const line = await rejectsWith("TEXT_LINE_INVALID", open({ texts: ["bad.jsonl"] }));
    assert.match(line.where ?? "", /bad\.jsonl:2$/);
    await rejectsWith("FILE_MISSING", factsOf({ texts: ["nowhere.txt"] }));
    mkdirSync(join(folder, "no-texts"), { recursive: true });
    await rejectsWith("NO_FILES", factsOf({ texts: ["no-texts"] }));
  });

  test("refuses options that do not fit the model, before anything is loaded", async () => {
    const cases: readonly [Partial<Options>, RegExp][] = [
      [{ layer: 4 }, /source\.layer.*from 0 to 3/s],
      [{ contextLength: 129 }, /source\.contextLength.*at most 128/s],
      [{ excludePositions: [128] }, /source\.excludePositions.*below 128/s],
      [{ contextLength: 2, excludePositions: [0, 1] }, /at least one position left/],
      [{ maxTokens: 255 }, /source\.maxTokens.*two contexts of 128/s],
    ];
    for (const [change, pattern] of cases) {
      assert.match((await rejectsWith("SOURCE_OPTIONS", factsOf(change))).message, pattern);
    }
  });

  test("refuses other architectures, damaged weights and a tokenizer of another model", async () => {
    const llama = await writeCheckpoint(join(folder, "llama"), { config: { model_type: "llama" } });
    await rejectsWith("MODEL_UNSUPPORTED", factsOf({ model: llama }));
    const wrong = await writeCheckpoint(join(folder, "wrong"), { config: { n_layer: 3 } });
    for (const name of ["vocab.json", "merges.txt"]) cpSync(join(folder, "tiny-gpt2", name), join(wrong, name));
    // The tiny checkpoint has 20 tokens, the tokenizer 4096.
    await rejectsWith("TOKEN_OUT_OF_RANGE", open({ model: wrong }));
    await writeSafetensors(join(folder, "few.safetensors"), { ids: { shape: [64], data: new Int32Array(64) } });
    const tensors = await rejectsWith("MODEL_TENSORS", open({ model: wrong, texts: ["few.safetensors"] }));
    assert.match(tensors.received ?? "", /missing: h\.2\.ln_1\.weight/);
    const entries = readdirSync(join(paths.cacheFolder, "activations"));
    assert.not.ok(entries.some((name) => name.endsWith(".tmp")));
  });
});
