/**
 * A checkpoint's tokenizer, by `@huggingface/tokenizers`: from tokenizer.json, or from GPT-2's own vocab.json and
 * merges.txt, for which the tokenizer.json of a byte-level BPE is put together here. Radford et al. 2019, section 2.2.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";
import { codeOf, readError } from "../data/file-errors.ts";
import { SwitchyardError, messageOf } from "../errors/switchyard-error.ts";
import { textPieces } from "./text-pieces.ts";

export interface TextTokenizer {
  /** No special tokens are added. */
  encode(text: string): readonly number[];
  decode(ids: readonly number[]): string;
}

/** What is used of the library's class, whose own declarations do not resolve from ES modules (0.2.0). */
interface HubTokenizer {
  encode(text: string, options: { readonly add_special_tokens: boolean }): { readonly ids: readonly number[] };
  decode(
    ids: readonly number[],
    options: { readonly skip_special_tokens: boolean; readonly clean_up_tokenization_spaces: boolean },
  ): string;
}
// eslint-disable-next-line @typescript-eslint/no-unsafe-assignment -- typed by the interface above
const HubTokenizer: new (tokenizer: object, config: object) => HubTokenizer = Tokenizer;

/** The files that determine a tokenizer; those that exist are part of a source's fingerprint. */
export const tokenizerFiles = ["tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt"] as const;

const endOfText = "<|endoftext|>";

/** Long texts are encoded in pieces of about this many characters, which bounds the library's working memory. */
const pieceCharacters = 1_000_000;

/** @throws SwitchyardError TOKENIZER_UNUSABLE, FILE_UNREADABLE */
export async function loadTokenizer(folder: string): Promise<TextTokenizer> {
  const [whole, config, vocabulary, merges] = await Promise.all(
    tokenizerFiles.map((name) => readIfThere(join(folder, name))),
  );
  try {
    if (whole !== undefined) return wrap(new HubTokenizer(parseObject(whole), parseObject(config ?? "{}")));
    if (vocabulary !== undefined && merges !== undefined) {
      return wrap(new HubTokenizer(byteLevelBpe(vocabulary, merges), { clean_up_tokenization_spaces: false }));
    }
  } catch (error) {
    throw unusable(folder, `files that cannot be used: ${messageOf(error)}`, error);
  }
  throw unusable(folder, "neither");
}

function wrap(tokenizer: HubTokenizer): TextTokenizer {
  return {
    encode: (text) => {
      const ids: number[] = [];
      for (const piece of textPieces(text, pieceCharacters)) {
        for (const id of tokenizer.encode(piece, { add_special_tokens: false }).ids) ids.push(id);
      }
      return ids;
    },
    // The library refuses to decode no ids.
    decode: (ids) =>
      ids.length === 0
        ? ""
        : tokenizer.decode(ids, { skip_special_tokens: false, clean_up_tokenization_spaces: false }),
  };
}

function byteLevelBpe(vocabularyText: string, mergesText: string): object {
  const vocab = parseObject(vocabularyText);
  const merges = mergesText.split(/\r?\n/).filter((line) => line !== "" && !line.startsWith("#version"));
  const endId = vocab[endOfText];
  const special = { content: endOfText, special: true, single_word: false, lstrip: false, rstrip: false };
  return {
    version: "1.0",
    added_tokens: typeof endId === "number" ? [{ id: endId, ...special, normalized: false }] : [],
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: "ByteLevel" },
    model: {
      type: "BPE",
      vocab,
      merges,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
    },
  };
}

function parseObject(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new TypeError("not a JSON object");
  return { ...value };
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw readError(file, error);
  }
}

function unusable(folder: string, received: string, cause?: unknown): SwitchyardError {
  return new SwitchyardError("TOKENIZER_UNUSABLE", "The checkpoint's tokenizer cannot be used.", {
    where: folder,
    expected: "tokenizer.json, or vocab.json and merges.txt",
    received,
    next: "Put the checkpoint's tokenizer files beside its weights, or give token ids as texts.",
    cause,
  });
}
