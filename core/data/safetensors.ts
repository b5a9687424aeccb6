/**
 * Reads and writes safetensors files, the one format for weights, checkpoints, activations and cached shards. F16
 * and BF16 are widened to float32 on reading. Data is little-endian, as is every platform that Node supports here.
 * Why this is our own reader: docs/decisions/safetensors.md.
 */
import type { FileHandle } from "node:fs/promises";
import { writeAtomically } from "./atomic-file.ts";
import { readBytes, withFile, writeAll } from "./file-bytes.ts";
import { dtypeBytes, maxHeaderBytes, notSafetensors, parseHeader } from "./safetensors-header.ts";
import type { Dtype, SafetensorsHeader } from "./safetensors-header.ts";
import { decodeTensor, encodeTensor } from "./tensor-bytes.ts";
import type { FetchedTensor, TensorData, WritableTensor } from "./tensor-bytes.ts";

export type { Dtype, SafetensorsHeader, TensorInfo } from "./safetensors-header.ts";
export type { FetchedTensor, TensorData, WritableTensor } from "./tensor-bytes.ts";

export interface StoredTensor {
  /** As stored in the file. */
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Row-major; Float32Array for F32, F16 and BF16, Uint8Array for U8 and BOOL, else the array of that type. */
  readonly data: TensorData;
}

export interface Safetensors {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads names, types, shapes and metadata, and checks them against the file's size; reads no data.
 * @throws SwitchyardError FILE_MISSING, FILE_UNREADABLE, NOT_SAFETENSORS, SAFETENSORS_CORRUPT, SAFETENSORS_TRUNCATED
 */
export async function readSafetensorsHeader(file: string): Promise<SafetensorsHeader> {
  return withFile(file, (handle) => readHeader(file, handle));
}

/**
 * Reads a whole file, or only the tensors for which `wanted` is true.
 * @throws SwitchyardError as `readSafetensorsHeader`
 */
export async function readSafetensors(
  file: string,
  wanted: (name: string) => boolean = () => true,
): Promise<Safetensors> {
  return withFile(file, async (handle) => {
    const header = await readHeader(file, handle);
    const tensors = new Map<string, StoredTensor>();
    for (const [name, info] of header.tensors) {
      if (!wanted(name)) continue;
      const bytes = await readBytes(file, handle, info.offset, info.numBytes);
      tensors.set(name, { dtype: info.dtype, shape: info.shape, data: decodeTensor(info.dtype, bytes) });
    }
    return { tensors, metadata: header.metadata };
  });
}

/**
 * Writes a file atomically. The same tensors and metadata give the same bytes, whatever the order of the map: larger
 * types first (so that all are aligned), then by name; metadata by key. Tensors that are fetched are in memory one at a
 * time.
 * @throws SwitchyardError DISK_FULL, FILE_UNWRITABLE, SAFETENSORS_CORRUPT when data and shape disagree
 */
export async function writeSafetensors(
  file: string,
  tensors: ReadonlyMap<string, AnyTensor> | Readonly<Record<string, AnyTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const named = isMap(tensors) ? [...tensors] : Object.entries(tensors);
  const encoded = named.map(([name, tensor]) => plan(name, tensor, `${file}, tensor ${name}`));
  encoded.sort((a, b) => dtypeBytes[b.dtype] - dtypeBytes[a.dtype] || compareText(a.name, b.name));
  const header: Record<string, unknown> = {};
  const pairs = Object.entries(metadata).sort(([a], [b]) => compareText(a, b));
  if (pairs.length > 0) header["__metadata__"] = Object.fromEntries(pairs);
  let end = 0;
  for (const { name, dtype, shape, numBytes } of encoded) {
    header[name] = { dtype, shape, data_offsets: [end, end + numBytes] };
    end += numBytes;
  }
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.alloc(Math.ceil(json.length / 8) * 8, " ");
  json.copy(padded);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  await writeAtomically(file, async (handle) => {
    for (const bytes of [length, padded]) await writeAll(handle, bytes);
    for (const tensor of encoded) await writeAll(handle, await tensor.bytes());
  });
}

type AnyTensor = WritableTensor | FetchedTensor;

interface PlannedTensor {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly numBytes: number;
  bytes(): Promise<Uint8Array>;
}

function plan(name: string, tensor: AnyTensor, where: string): PlannedTensor {
  const { shape } = tensor;
  if (!("fetch" in tensor)) {
    const { dtype, bytes } = encodeTensor(where, tensor);
    return { name, dtype, shape, numBytes: bytes.byteLength, bytes: () => Promise.resolve(bytes) };
  }
  const { dtype } = tensor;
  const numBytes = dtypeBytes[dtype] * shape.reduce((product, size) => product * size, 1);
  const bytes = async (): Promise<Uint8Array> => encodeTensor(where, { shape, data: await tensor.fetch() }).bytes;
  return { name, dtype, shape, numBytes, bytes };
}

async function readHeader(file: string, handle: FileHandle): Promise<SafetensorsHeader> {
  const { size } = await handle.stat();
  if (size < 8) throw notSafetensors(file, 0, `a file of ${size} bytes`);
  const start = await readBytes(file, handle, 0, 8);
  const length = Number(Buffer.from(start.buffer).readBigUInt64LE());
  if (length > maxHeaderBytes || length < 2) throw notSafetensors(file, 0, `a header length of ${length} bytes`);
  if (8 + length > size) {
    throw notSafetensors(file, 0, `a header length of ${length} bytes in a file of ${size} bytes`);
  }
  const text = Buffer.from(await readBytes(file, handle, 8, length)).toString("utf8");
  return parseHeader(file, text, 8 + length, size);
}

function isMap(
  tensors: ReadonlyMap<string, AnyTensor> | Readonly<Record<string, AnyTensor>>,
): tensors is ReadonlyMap<string, AnyTensor> {
  return tensors instanceof Map;
}

/** By UTF-16 code unit, the same in every locale. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
