/**
 * Reads files of torch.save: zip archives (PyTorch 1.6 and later) and the older form, a row of pickles with the storages
 * behind them. The structure is read at once and describes tensors; a tensor's numbers are read when they are asked
 * for. Nothing in the file is run. Why our own reader: docs/decisions/torch-files.md.
 *
 * @see torch/serialization.py of PyTorch, which writes both forms
 */
import type { FileHandle } from "node:fs/promises";
import { readBytes, withFile } from "../file-bytes.ts";
import { dtypeBytes } from "../safetensors-header.ts";
import type { StoredTensor } from "../safetensors.ts";
import { decodeTensor } from "../tensor-bytes.ts";
import { gather } from "./gather.ts";
import { readLegacyFile } from "./legacy.ts";
import { PickleBytes } from "./pickle-bytes.ts";
import { readPickle } from "./pickle.ts";
import type { PickleValue, TorchStorage, TorchTensor } from "./pickle-values.ts";
import type { TorchContents } from "./torch-contents.ts";
import { torchDialect } from "./torch-dialect.ts";
import { corrupt, notTorchFile, unsupported } from "./torch-errors.ts";
import { openZip, readEntry } from "./zip.ts";
import type { ZipArchive } from "./zip.ts";

export interface TorchFile {
  /** What was saved, with descriptions of tensors in it. */
  readonly value: PickleValue;
  /** A tensor's numbers in row-major order. @throws SwitchyardError TORCH_FILE_CORRUPT */
  tensor(described: TorchTensor): Promise<StoredTensor>;
}

/** A pickle larger than this holds no state dict; a zip entry could otherwise inflate to any size. */
const longestPickleBytes = 256 << 20;

/**
 * Opens a file for as long as `use` takes.
 * @throws SwitchyardError FILE_MISSING, FILE_UNREADABLE, NOT_TORCH_FILE, TORCH_FILE_CORRUPT, TORCH_FILE_FORBIDDEN,
 *   TORCH_FILE_UNSUPPORTED, each but the first two with the byte
 */
export async function readTorchFile<T>(file: string, use: (torch: TorchFile) => Promise<T>): Promise<T> {
  return withFile(file, async (handle) => {
    const { size } = await handle.stat();
    if (size < 4) throw notTorchFile({ file, byte: 0 }, `a file of ${size} bytes`);
    const start = Buffer.from((await readBytes(file, handle, 0, 4)).buffer);
    const isZip = start.toString("latin1") === "PK\u0003\u0004";
    const contents = isZip ? await readZipFile(file, handle) : await readLegacyFile(file, handle, size);
    return use({
      value: contents.value,
      tensor: async (described) => {
        const { storage, shape } = described;
        const bytes = await contents.storageBytes(storage);
        const data = decodeTensor(storage.dtype, gather(bytes, described, dtypeBytes[storage.dtype]));
        return { dtype: storage.dtype, shape, data };
      },
    });
  });
}

async function readZipFile(file: string, handle: FileHandle): Promise<TorchContents> {
  const archive = await openZip(file, handle);
  const pickles = [...archive.entries.values()].filter(({ name }) => /(^|\/)data\.pkl$/.test(name));
  const [pickle] = pickles;
  if (pickle === undefined || pickles.length > 1) {
    const names = [...archive.entries.keys()].slice(0, 5).join(", ");
    throw notTorchFile(
      { file, byte: archive.directoryOffset },
      `a zip archive with ${pickles.length} data.pkl: ${names}`,
    );
  }
  if (pickle.numBytes > longestPickleBytes) {
    const received = `${pickle.numBytes} bytes`;
    const place = { file, byte: pickle.headerOffset, what: pickle.name };
    throw unsupported(place, { expected: `a pickle of at most ${longestPickleBytes} bytes`, received });
  }
  const folder = pickle.name.slice(0, -"data.pkl".length);
  await checkByteOrder(archive, folder);
  const { bytes, offset } = await readEntry(archive, pickle);
  const position = new PickleBytes(bytes, (at) =>
    pickle.isDeflated
      ? { file, byte: offset, what: `${pickle.name}, byte ${at} of it` }
      : { file, byte: offset + at, what: pickle.name },
  );
  return {
    value: readPickle(position, torchDialect),
    storageBytes: (storage) => readStorage(archive, `${folder}data/${storage.key}`, storage),
  };
}

async function readStorage(archive: ZipArchive, name: string, storage: TorchStorage): Promise<Uint8Array<ArrayBuffer>> {
  const { file, directoryOffset } = archive;
  const expected = storage.numElements * dtypeBytes[storage.dtype];
  const entry = archive.entries.get(name);
  if (entry?.numBytes !== expected) {
    const received = entry === undefined ? "no such entry" : `${entry.numBytes} bytes`;
    const place = { file, byte: entry?.headerOffset ?? directoryOffset, what: name };
    throw corrupt(place, { expected: `${expected} bytes for ${storage.numElements} of ${storage.dtype}`, received });
  }
  return (await readEntry(archive, entry)).bytes;
}

/** Written since PyTorch 2.1; older ones wrote what their machine had, which in practice is little. */
async function checkByteOrder(archive: ZipArchive, folder: string): Promise<void> {
  const entry = archive.entries.get(`${folder}byteorder`);
  if (entry === undefined) return;
  const place = { file: archive.file, byte: entry.headerOffset, what: entry.name };
  const text =
    entry.numBytes > 16 ? "a long text" : Buffer.from((await readEntry(archive, entry)).bytes).toString("latin1");
  if (text.trim() !== "little") throw unsupported(place, { expected: "little-endian numbers", received: text });
}
