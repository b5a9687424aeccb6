/** What to throw when a file of torch.save cannot be read. Every one says at which byte. */
import type { ErrorCode } from "../../errors/codes.ts";
import { SwitchyardError } from "../../errors/switchyard-error.ts";
import { atByte } from "../file-errors.ts";

/** Where something is wrong: a file, a byte in it counted from 0, and what lies there. */
export interface Place {
  readonly file: string;
  readonly byte: number;
  readonly what?: string;
}

export interface Finding {
  readonly expected: string;
  readonly received: string;
  readonly cause?: unknown;
}

export function corrupt(place: Place, finding: Finding): SwitchyardError {
  return failure("TORCH_FILE_CORRUPT", "The file of torch.save is damaged.", place, {
    ...finding,
    next: "Get the file again; if it is whole, torch.load it in Python and torch.save it again.",
  });
}

export function forbidden(place: Place, received: string): SwitchyardError {
  return failure(
    "TORCH_FILE_FORBIDDEN",
    "The pickle asks for something that is neither tensor nor plain value.",
    place,
    {
      expected: "tensors, dicts, lists, tuples, numbers, texts, booleans and None",
      received: `${received}; nothing was run`,
      next: "In Python, torch.load the file where you trust it, and torch.save only its state dict.",
    },
  );
}

export function unsupported(place: Place, finding: Finding): SwitchyardError {
  return failure(
    "TORCH_FILE_UNSUPPORTED",
    "The file uses a part of torch.save's format that is not read here.",
    place,
    {
      ...finding,
      next: "In Python: torch.save({name: tensor.float().contiguous().cpu() for name, tensor in state_dict.items()}, path)",
    },
  );
}

export function notTorchFile(place: Place, received: string): SwitchyardError {
  return failure("NOT_TORCH_FILE", "The file was not written by torch.save.", place, {
    expected: "a zip archive with data.pkl inside, or a pickle that starts with PyTorch's number",
    received,
    next: "Download the file again, or save it again with torch.save(state_dict, path).",
  });
}

function failure(
  code: ErrorCode,
  summary: string,
  { file, byte, what }: Place,
  fields: Finding & { readonly next: string },
): SwitchyardError {
  return new SwitchyardError(code, summary, { where: atByte(file, byte, what), ...fields });
}
