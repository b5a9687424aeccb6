/** Error codes of the data room. A code never changes its meaning; a retired one is not reused. */
import type { Explanation } from "./explanation.ts";

export const dataCodes = {
  FILE_MISSING: {
    title: "A file or folder that the config names does not exist.",
    why: "Relative paths start at the project's folder, not at the config file or at the shell's current folder.",
    fix: "Check the spelling and the folder; `where` shows the absolute path that was tried.",
  },
  FILE_UNREADABLE: {
    title: "A file exists but could not be read.",
    why: "Missing permission, a folder where a file is expected, or a failing disk.",
    fix: "Read the system's own message in `received` and repair the cause.",
  },
  FILE_UNWRITABLE: {
    title: "A file could not be written.",
    why: "Missing permission, a read-only file system, or a folder that was removed meanwhile. Nothing half-written is left behind.",
    fix: "Make the folder writable or choose another one.",
  },
  DISK_FULL: {
    title: "The disk is full (or a quota is used up).",
    why: "The file was being written to a temporary name, which was removed; the file under its real name is untouched.",
    fix: "Free space on that disk, then run the same command again: it continues from the last complete checkpoint.",
  },
  NOT_SAFETENSORS: {
    title: "The file is not a safetensors file.",
    why: "A safetensors file starts with the length of its JSON header as 8 bytes, then the header. These bytes are something else: a PyTorch pickle, an HTML error page, a Git LFS pointer.",
    fix: "Download or export the file again as safetensors.",
  },
  SAFETENSORS_TRUNCATED: {
    title: "The safetensors file is shorter or longer than its header says.",
    why: "Usually a download or copy that was cut off. Reading on would give wrong numbers.",
    fix: "Get the file again.",
  },
  SAFETENSORS_CORRUPT: {
    title: "The header of a safetensors file contradicts itself.",
    why: "Tensors overlap, leave gaps, or take another number of bytes than shape times size of their type.",
    fix: "Write the file again with a maintained safetensors library.",
  },
  TENSOR_MISSING: {
    title: "A file does not hold the tensor that was asked for.",
    why: "The name is misspelt, or the file was made for something else.",
    fix: "Use one of the names listed in `received`.",
  },
  NO_ROWS: {
    title: "A source has no rows where some are needed.",
    why: "The data is empty, or everything was held out. An average over nothing would be NaN.",
    fix: "Give the source more data, or change heldOutRows, heldOutFraction or maxRows.",
  },
  TEXT_LENGTH: {
    title: "A text has more tokens than the language model reads at once, or none.",
    why: "A GPT-2 has a fixed number of positions. Cutting the text silently would answer another question.",
    fix: "Shorten the text, or ask for a shorter continuation.",
  },
  NO_FILES: {
    title: "None of the paths holds a file that the source can read.",
    why: "A folder is searched for files with known endings; it holds none.",
    fix: "Name the files, or the folder that holds them.",
  },
  ACTIVATIONS_NOT_2D: {
    title: "The tensor is not a matrix of activations.",
    why: "Activations are rows: [number of rows, width], of floating-point type, in row-major (C) order.",
    fix: "Reshape and save again: acts.reshape(-1, width), float32 or float16, numpy.ascontiguousarray.",
  },
  ACTIVATIONS_AMBIGUOUS: {
    title: "A file holds several matrices and the config does not say which.",
    why: "Guessing could train on the wrong layer.",
    fix: "Set the source's `tensor` option to one of the names in `received`.",
  },
  WIDTHS_DIFFER: {
    title: "The shards of one source have rows of different width.",
    why: "They come from different models or layers.",
    fix: "Name only the files that belong together.",
  },
  DATA_NOT_FINITE: {
    title: "A row of activations holds NaN or an infinity.",
    why: "One such number makes every parameter NaN within a step. Float16 overflows above 65504, which large models reach.",
    fix: "Export the activations again (bfloat16 or float32 when float16 overflowed), or leave that row out.",
  },
  NOT_NPY: {
    title: "The file is not a .npy file that can be read.",
    why: "It does not start as NumPy writes arrays, or its size is not what its header says.",
    fix: "Save it again with numpy.save (no pickled objects, no .npz).",
  },
  SOURCE_OPTIONS: {
    title: "The options of a source contradict each other or the data.",
    why: "Each is valid alone, but not together; see `expected` and `received`.",
    fix: "Change one of the options named.",
  },
  MODEL_UNSUPPORTED: {
    title: "The checkpoint is not a GPT-2 that can be run here.",
    why: "The forward pass is GPT-2's: learned positions, gelu_new, tied or untied output. Another architecture run as GPT-2 would give activations that look plausible and are wrong.",
    fix: "Use a checkpoint whose config.json says model_type gpt2, or export activations with another tool and read them with source: activations.",
  },
  MODEL_TENSORS: {
    title: "A checkpoint's weights do not fit its config.json.",
    why: "Tensors are missing or of another shape: the two files come from different models, or the names are another architecture's.",
    fix: "Use the config.json that belongs to the weights.",
  },
  MODEL_UNREACHABLE: {
    title: "The model is neither a folder nor in the local cache, and cannot be downloaded.",
    why: "The hub cannot be reached, HF_HUB_OFFLINE is set, or there is no such repository. A cached model needs no network.",
    fix: "Download it once where there is a network (huggingface-cli download NAME), copy the cache folder and set HF_HOME, or give the path of a local folder.",
  },
  TOKENIZER_UNUSABLE: {
    title: "The checkpoint's tokenizer is missing or cannot be read.",
    why: "Text becomes token ids by tokenizer.json, or by vocab.json and merges.txt, in the checkpoint's folder.",
    fix: "Put these files beside the weights, or give token ids (.safetensors, .npy) as texts.",
  },
  TOKEN_OUT_OF_RANGE: {
    title: "A token id does not exist in the model's vocabulary.",
    why: "The tokenizer, or the file of token ids, belongs to another model.",
    fix: "Use the tokenizer of this checkpoint, or token ids made with it.",
  },
  TOKENS_UNREADABLE: {
    title: "A file of token ids does not hold whole numbers in one or two dimensions.",
    why: "Ids are read from the file's only tensor: int32, int64, uint16 or the like, [tokens] or [documents, tokens].",
    fix: "Save the ids as int32.",
  },
  TEXT_TOO_SHORT: {
    title: "A text is empty or shorter than one context.",
    why: "Texts are cut into contexts of contextLength tokens and the remainder is dropped; of this text nothing would be left.",
    fix: "Remove the file from the list, or choose a smaller contextLength.",
  },
  TEXT_NOT_UTF8: {
    title: "A text file is not valid UTF-8.",
    why: "Bytes that are not UTF-8 would silently become replacement characters, and so other tokens.",
    fix: "Convert the file: iconv -f latin1 -t utf8.",
  },
  TEXT_LINE_INVALID: {
    title: "A line of a .jsonl file is not an object with the text field.",
    why: "Every line is one JSON object; its text is read from the field that the source's `field` option names.",
    fix: "Repair the line that `where` points at, or set `field`.",
  },
} as const satisfies Record<string, Explanation>;
