/** A file of torch.save that holds a dict: its tensors by name, and its plain values as a config. */
import { readTorchFile } from "../data/torch/read-torch-file.ts";
import type { TorchFile } from "../data/torch/read-torch-file.ts";
import { describePickle, isKind } from "../data/torch/pickle-values.ts";
import type { PickleDict, PickleValue } from "../data/torch/pickle-values.ts";
import type { StoredTensor } from "../data/safetensors.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import { ForeignConfig } from "./foreign-config.ts";
import { ForeignTensors } from "./foreign-tensors.ts";

export interface TorchDict {
  readonly tensors: ForeignTensors;
  /** What of the dict is no tensor. */
  readonly values: ForeignConfig;
  /** Names of the tensors in an inner dict `ae`, when that is where they are. */
  readonly isBackup: boolean;
}

/** Key of the state dict in the backups that dictionary_learning writes while it trains. */
const innerKey = "ae";

/**
 * Reads the tensors of the dict, or of the dict `ae` inside it; an optimizer's beside that are not read.
 * @throws SwitchyardError FILE_*, NOT_TORCH_FILE, TORCH_FILE_*, FOREIGN_TENSORS when it holds no dict
 */
export async function readTorchDict(file: string): Promise<TorchDict> {
  return readTorchFile(file, async (torch) => {
    const outer = requireDict(file, torch.value);
    const inner = outer.entries.get(innerKey);
    const values = new ForeignConfig(file, plainOf(outer));
    if (inner === undefined) return { tensors: await tensorsOf(file, torch, outer), values, isBackup: false };
    const state = requireDict(`${file}, ${innerKey}`, inner);
    return { tensors: await tensorsOf(file, torch, state), values, isBackup: true };
  });
}

/** Names of the tensors, without their numbers; to tell formats apart. @throws as `readTorchDict` */
export async function torchNames(file: string): Promise<readonly string[]> {
  return readTorchFile(file, (torch) => {
    const outer = requireDict(file, torch.value);
    const inner = outer.entries.get(innerKey);
    return Promise.resolve([...requireDict(file, inner ?? outer).entries.keys()].map(String));
  });
}

function requireDict(where: string, value: PickleValue): PickleDict {
  if (isKind(value, "dict")) return value;
  throw new SwitchyardError("FOREIGN_TENSORS", "The file holds no state dict.", {
    where,
    expected: "a dict of tensors by name",
    received: describePickle(value),
    next: "In Python: torch.save(autoencoder.state_dict(), path)",
  });
}

async function tensorsOf(file: string, torch: TorchFile, dict: PickleDict): Promise<ForeignTensors> {
  const tensors = new Map<string, StoredTensor>();
  for (const [name, value] of dict.entries) {
    if (typeof name === "string" && isKind(value, "tensor")) tensors.set(name, await torch.tensor(value));
  }
  return new ForeignTensors(file, tensors);
}

/** Dicts inside become objects, one level: a config of a trainer has no more. */
function plainOf(dict: PickleDict, depth = 0): Record<string, unknown> {
  const plain: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [key, value] of dict.entries) {
    if (typeof key !== "string") continue;
    if (value === null || typeof value !== "object") plain[key] = value;
    else if (value.kind === "dict" && depth === 0) plain[key] = plainOf(value, depth + 1);
  }
  return plain;
}
