/**
 * Activations of a GPT-2 checkpoint on your own texts. The texts become token ids by the checkpoint's tokenizer, are
 * cut into contexts of `contextLength` tokens (a remainder is dropped), and one forward pass a context gives a row
 * for every position that is not excluded. The rows are harvested once, into a content-addressed cache that all runs
 * share. The last contexts of each text are held out; the language model stays available on them, so that evaluators
 * can measure what a reconstruction does to its next-token loss.
 *
 * @see docs/data.md
 */
import { Type } from "typebox";
import type { ActivationSource } from "../../core/data/contracts.ts";
import { rowRange } from "../../core/data/sharded-store.ts";
import { createCacheEntry, openCacheEntry } from "../../core/language-model/activation-cache.ts";
import type { CachedActivations } from "../../core/language-model/activation-cache.ts";
import { readGpt2Tensors } from "../../core/language-model/checkpoint.ts";
import { splitContexts } from "../../core/language-model/contexts.ts";
import { createGpt2 } from "../../core/language-model/gpt2.ts";
import { harvest } from "../../core/language-model/harvest.ts";
import { planHarvest } from "../../core/language-model/harvest-plan.ts";
import { hookNames } from "../../core/language-model/hook-points.ts";
import { createInspection } from "../../core/language-model/inspection.ts";
import { onDemand } from "../../core/language-model/on-demand.ts";
import { createProbe } from "../../core/language-model/probe.ts";
import { includedRows } from "../../core/language-model/spliced-positions.ts";
import { readTokenSequences } from "../../core/language-model/token-sequences.ts";
import type { TokenSequence } from "../../core/language-model/token-sequence.ts";
import { loadTokenizer } from "../../core/language-model/tokenizer.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { kernelsRef, pathsRef, sourceProgressRef, tensorFlowRef } from "../../core/services.ts";

export const gpt2 = definePlugin({
  kind: "source",
  name: "gpt2",
  version: "1",
  summary: "Harvests activations of a GPT-2 checkpoint on your texts, once, into a shared cache.",
  paper: "Radford et al. 2019",
  options: Type.Object({
    model: Type.String({
      "x-hash": false,
      description:
        "Folder of a checkpoint in GPT-2's format, or its name on the Hugging Face hub: openai-community/gpt2.",
    }),
    revision: Type.String({
      default: "main",
      "x-hash": false,
      description: "Branch, tag or commit, for a model of the hub.",
    }),
    texts: Type.Array(Type.String(), {
      minItems: 1,
      "x-hash": false,
      description: "Files or folders: .txt, .jsonl, or token ids as .safetensors or .npy.",
    }),
    field: Type.String({ default: "text", description: "Field of a .jsonl line that holds the text." }),
    layer: Type.Integer({ minimum: 0, description: "Block of the model, counted from 0." }),
    hook: Type.Enum([...hookNames], { default: "resid-post", description: "Point of the block: see docs/data.md." }),
    contextLength: Type.Optional(
      Type.Integer({
        minimum: 2,
        description: "Tokens of a context. Default: 128, or the model's positions if fewer.",
      }),
    ),
    maxTokens: Type.Optional(
      Type.Integer({ minimum: 1, description: "Tokens taken at most, of the texts in order. Default: all." }),
    ),
    heldOutFraction: Type.Number({
      default: 0.1,
      minimum: 0,
      exclusiveMaximum: 1,
      description: "Share of contexts never trained on: the last of each text.",
    }),
    excludePositions: Type.Array(Type.Integer({ minimum: 0 }), {
      default: [0],
      description: "Positions of a context that give no row. The first position's activations are of another size.",
    }),
    batchContexts: Type.Integer({
      default: 8,
      minimum: 1,
      "x-hash": false,
      description: "Contexts run through the model at once.",
    }),
    precision: Type.Enum(["float32", "float16"], {
      default: "float32",
      description: "How the cache stores the rows; float16 takes half the space.",
    }),
  }),
  deps: { tf: tensorFlowRef, kernels: kernelsRef, paths: pathsRef, progress: sourceProgressRef },
  facts: async (options, paths) => {
    const plan = await planHarvest(options, paths);
    return { width: plan.config.width, fingerprint: plan.digest, description: plan.description };
  },
  create: async (options, { tf, kernels, paths, progress }): Promise<ActivationSource> => {
    const plan = await planHarvest(options, paths);
    const { modelFolder, config, contextLength, excludePositions, digest } = plan;
    const hook = { layer: options.layer, name: options.hook };
    const model = onDemand(
      async () => createGpt2({ tf, kernels, config, tensors: await readGpt2Tensors(modelFolder, config) }),
      (loaded) => {
        loaded.dispose();
      },
    );

    const tokenizer = onDemand(() => loadTokenizer(modelFolder));

    async function readContexts(): Promise<ReturnType<typeof splitContexts>> {
      const sequences: TokenSequence[] = [];
      let numContexts = 0;
      for (const [i, file] of plan.textFiles.entries()) {
        if (numContexts >= plan.maxContexts) break;
        progress(i, plan.textFiles.length, "tokenising (texts)");
        const read = await readTokenSequences(file, {
          tokenizer: tokenizer.get,
          field: options.field,
          endOfTextId: config.endOfTextId,
          vocabularySize: config.vocabularySize,
        });
        for (const { ids } of read) numContexts += Math.floor(ids.length / contextLength);
        sequences.push(...read);
      }
      const { heldOutFraction } = options;
      return splitContexts(sequences, { contextLength, maxContexts: plan.maxContexts, heldOutFraction });
    }

    async function harvestNow(): Promise<CachedActivations> {
      const contexts = await readContexts();
      const loaded = await model.get();
      const { batchContexts, precision } = options;
      const description = { ...options, texts: plan.textFiles };
      const shared = { tf, model: loaded, hook, contexts, contextLength, excludePositions, progress };
      await createCacheEntry(paths.cacheFolder, digest, (folder) =>
        harvest({ ...shared, batchContexts, precision, digest, description, folder }),
      );
      const entry = await openCacheEntry(paths.cacheFolder, digest);
      if (entry === undefined)
        throw new Error(`the cache entry ${digest} cannot be read back right after it was written`);
      return entry;
    }

    const { index, rows, tokens } = (await openCacheEntry(paths.cacheFolder, digest)) ?? (await harvestNow());
    const numTrain = index.numTrainContexts * index.rowsPerContext;
    // Within a context: included positions only, ascending.
    const positions = includedRows(1, contextLength, excludePositions);
    const heldOutText = { tf, model: model.get, hook, ids: tokens.heldOut, contextLength, excludePositions };
    return {
      width: index.width,
      train: rowRange(rows, 0, numTrain),
      heldOut: rowRange(rows, numTrain, rows.numRows - numTrain),
      heldOutPositions: (row) => positions[row % positions.length] ?? 0,
      languageModel: createProbe({ ...heldOutText, batchContexts: options.batchContexts }),
      inspection: createInspection({ ...heldOutText, config, tokenizer: tokenizer.get }),
      dispose: model.dispose,
    };
  },
  dispose: (source) => source.dispose?.(),
});
