/** Error codes of foreign files and of the interchange room. A code never changes its meaning; a retired one is not reused. */
import type { Explanation } from "./explanation.ts";

export const interchangeCodes = {
  NOT_TORCH_FILE: {
    title: "The file was not written by torch.save.",
    why: "Files of torch.save are zip archives with a data.pkl inside, or (before PyTorch 1.6) pickles that start with a number known to PyTorch. These bytes are neither: a Git LFS pointer, an HTML error page, another archive.",
    fix: "Download the file again, or save it again with torch.save(state_dict, path).",
  },
  TORCH_FILE_CORRUPT: {
    title: "A file of torch.save contradicts itself or was cut off.",
    why: "An offset, a length, a checksum or a pickle instruction cannot be right. Reading on would give wrong numbers, or take memory that the file does not justify.",
    fix: "Get the file again. If it is whole, load it in Python and save it again with torch.save.",
  },
  TORCH_FILE_FORBIDDEN: {
    title: "A pickle asks for something other than tensors and plain values.",
    why: "A pickle is a program: it can name any Python function and have it called. Switchyard reads tensors, dicts, lists, tuples, numbers, texts, booleans and None, and runs nothing; the name in `received` is none of these.",
    fix: "In Python, torch.load the file where you trust it, and torch.save only its state dict: {name: tensor}.",
  },
  TORCH_FILE_UNSUPPORTED: {
    title: "A file of torch.save uses a part of the format that is not read here.",
    why: "Big-endian or quantised tensors, expanded (stride 0) ones, encrypted or specially compressed archives are rare, and guessing at them could give wrong numbers.",
    fix: "In Python: torch.save({name: tensor.float().contiguous().cpu() for name, tensor in state_dict.items()}, path).",
  },
  FOREIGN_FORMAT_UNKNOWN: {
    title: "It cannot be told which library wrote a sparse autoencoder.",
    why: "A format is recognised by the names of files and tensors; see docs/interchange.md. None matches.",
    fix: "Name the folder or file that the library wrote, or say which it is with --format.",
  },
  FOREIGN_CONFIG: {
    title: "The config beside a foreign sparse autoencoder lacks something, or says something impossible.",
    why: "Shapes alone do not tell k, thresholds or how inputs are normalised; guessing would give an autoencoder that looks plausible and is wrong.",
    fix: "Add the key that `where` names to the JSON file, as the library would have written it.",
  },
  FOREIGN_TENSORS: {
    title: "The tensors of a foreign sparse autoencoder are missing, or of another shape than their format has.",
    why: "The file belongs to another architecture, or to another config than the one beside it.",
    fix: "Use the config that belongs to the weights, or another --format.",
  },
  FOREIGN_UNSUPPORTED: {
    title: "A foreign sparse autoencoder does something that no model here does.",
    why: "Transcoders, skip connections, other activation functions or normalisations would be read as something else, and all numbers would be wrong.",
    fix: "Compare another autoencoder of that library; docs/interchange.md lists what is understood.",
  },
  EXPORT_IMPOSSIBLE: {
    title: "A format has no way of saying what a run's autoencoder does.",
    why: "An export that drops a router, a normalisation or an activation function would load without complaint and reconstruct something else.",
    fix: "Export with a format that has it: switchyard keeps everything, switch-sae keeps a softmax or heaviside router of top-k experts.",
  },
  EXPORT_NO_CHECKPOINT: {
    title: "The run has no finished weights to export.",
    why: "Only the last checkpoint of a run that is done is exported; the state of a run shows in switchyard status.",
    fix: "Finish the run: give switchyard run the same config again.",
  },
  IMPORT_WIDTH: {
    title: "The imported autoencoder reads activations of another width than the source has.",
    why: "It was trained on another model or layer.",
    fix: "Import it into a config whose source gives the activations that it was trained on.",
  },
} as const satisfies Record<string, Explanation>;
