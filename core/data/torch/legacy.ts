/**
 * The form of torch.save before PyTorch 1.6: four pickles (PyTorch's number, a version, facts of the machine, what was
 * saved), a fifth with the names of the storages, then each storage as its number of elements and its elements.
 */
import type { FileHandle } from "node:fs/promises";
import { readBytes } from "../file-bytes.ts";
import { dtypeBytes } from "../safetensors-header.ts";
import { PickleBytes } from "./pickle-bytes.ts";
import { readPickle } from "./pickle.ts";
import type { PickleDialect } from "./pickle.ts";
import { describePickle, entriesOf, isKind } from "./pickle-values.ts";
import type { TorchStorage } from "./pickle-values.ts";
import type { TorchContents } from "./torch-contents.ts";
import { torchDialect } from "./torch-dialect.ts";
import { corrupt, notTorchFile, unsupported } from "./torch-errors.ts";

const torchNumber = 0x1950a86a20f9469cfc6cn;
const torchVersion = 1001;
const countBytes = 8;

/** The pickles stand first; a state dict with more structure than this is none. */
const longestHeadBytes = 64 << 20;

/** @throws SwitchyardError NOT_TORCH_FILE, TORCH_FILE_CORRUPT, TORCH_FILE_FORBIDDEN, TORCH_FILE_UNSUPPORTED */
export async function readLegacyFile(file: string, handle: FileHandle, size: number): Promise<TorchContents> {
  const head = await readBytes(file, handle, 0, Math.min(size, longestHeadBytes));
  const bytes = new PickleBytes(head, (byte) => ({ file, byte }));
  if (head[0] !== 0x80) {
    const start = Buffer.from(head.subarray(0, 8)).toString("latin1");
    throw notTorchFile({ file, byte: 0 }, `it starts with ${JSON.stringify(start)}`);
  }
  const number = readPickle(bytes, torchDialect);
  if (number !== torchNumber) throw notTorchFile({ file, byte: 0 }, `a pickle of ${describePickle(number)}`);
  const version = readPickle(bytes, torchDialect);
  if (version !== torchVersion) {
    throw unsupported(bytes.place, { expected: `version ${torchVersion}`, received: describePickle(version) });
  }
  const machine = entriesOf(readPickle(bytes, torchDialect));
  if (machine.get("little_endian") === false) {
    throw unsupported(bytes.place, { expected: "little-endian numbers", received: "big-endian ones" });
  }
  const storages = new Map<string, TorchStorage>();
  const value = readPickle(bytes, remembering(storages));
  const offsets = await locate({ file, handle, size, bytes }, storages);
  return {
    value,
    storageBytes: ({ key, numElements, dtype }) =>
      readBytes(file, handle, offsets.get(key) ?? size, numElements * dtypeBytes[dtype]),
  };
}

/** Storages come up in the pickle; how many elements each has, and of which type, stands only there. */
function remembering(storages: Map<string, TorchStorage>): PickleDialect {
  return {
    ...torchDialect,
    persistent: (id, place) => {
      const storage = torchDialect.persistent(id, place);
      if (!isKind(storage, "storage"))
        throw corrupt(place, { expected: "a storage", received: describePickle(storage) });
      const { key, dtype, numElements } = storage;
      const before = storages.get(key) ?? storage;
      if (before.dtype !== dtype || before.numElements !== numElements) {
        const received = `once ${before.numElements} of ${before.dtype}, once ${numElements} of ${dtype}`;
        throw corrupt(place, { expected: `one size of storage ${key}`, received });
      }
      storages.set(key, storage);
      return storage;
    },
  };
}

interface LegacyFile {
  readonly file: string;
  readonly handle: FileHandle;
  readonly size: number;
  readonly bytes: PickleBytes;
}

/** Storage -> byte where its elements start. All of them must lie in the file, one after the other. */
async function locate(
  { file, handle, size, bytes }: LegacyFile,
  storages: ReadonlyMap<string, TorchStorage>,
): Promise<ReadonlyMap<string, number>> {
  const keys = readPickle(bytes, torchDialect);
  const offsets = new Map<string, number>();
  let at = bytes.position;
  for (const key of isKind(keys, "list") ? keys.items : []) {
    const storage = typeof key === "string" ? storages.get(key) : undefined;
    const place = { file, byte: at, what: `storage ${describePickle(key)}` };
    if (storage === undefined) {
      throw corrupt(place, { expected: "a storage that a tensor uses", received: describePickle(key) });
    }
    const numBytes = storage.numElements * dtypeBytes[storage.dtype];
    if (!(at + countBytes + numBytes <= size)) {
      throw corrupt(place, {
        expected: `${countBytes + numBytes} bytes`,
        received: `${size - at} bytes before the end`,
      });
    }
    const count = Buffer.from((await readBytes(file, handle, at, countBytes)).buffer).readBigInt64LE();
    if (count !== BigInt(storage.numElements)) {
      throw corrupt(place, { expected: `${storage.numElements} elements`, received: `${count} elements` });
    }
    offsets.set(storage.key, at + countBytes);
    at += countBytes + numBytes;
  }
  const missing = [...storages.keys()].filter((key) => !offsets.has(key));
  if (missing.length === 0) return offsets;
  const received = `no elements of ${missing.slice(0, 5).join(", ")}`;
  throw corrupt({ file, byte: at }, { expected: "the elements of every storage", received });
}
