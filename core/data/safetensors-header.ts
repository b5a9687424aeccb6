/**
 * The header of a safetensors file, checked against the format's rules before a byte of data is believed: 8 bytes
 * little-endian header length, then JSON name -> {dtype, shape, data_offsets}, then the data without gaps, overlaps
 * or trailing bytes. Format: https://github.com/huggingface/safetensors#format
 */
import { messageOf, SwitchyardError } from "../errors/switchyard-error.ts";
import { atByte } from "./file-errors.ts";

/** Element type -> bytes. Types that other tools may write but that no room here can use are left out. */
export const dtypeBytes = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const;

export type Dtype = keyof typeof dtypeBytes;

export interface TensorInfo {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Byte of the file where the tensor starts. */
  readonly offset: number;
  readonly numBytes: number;
}

export interface SafetensorsHeader {
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Byte of the file where the header's JSON starts. */
const headerStart = 8;

/** The format's own limit on the header. */
export const maxHeaderBytes = 100_000_000;

/**
 * @param file For messages.
 * @param text The JSON, as read after the length.
 * @param dataStart Byte of the file where the data begins: 8 + length of the header.
 * @param fileBytes Size of the whole file.
 * @throws SwitchyardError NOT_SAFETENSORS, SAFETENSORS_CORRUPT, SAFETENSORS_TRUNCATED
 */
export function parseHeader(file: string, text: string, dataStart: number, fileBytes: number): SafetensorsHeader {
  const entries = Object.entries(parseObject(file, text));
  const tensors = new Map<string, TensorInfo>();
  let metadata: Readonly<Record<string, string>> = {};
  for (const [name, entry] of entries) {
    const place = (tensor: string): string => atByte(file, byteOfName(text, name), `tensor ${tensor}`);
    if (name === "__metadata__") metadata = parseMetadata(place, entry);
    else
      tensors.set(
        name,
        parseEntry(() => place(name), entry, dataStart),
      );
  }
  checkLayout(file, tensors, dataStart, fileBytes);
  return { tensors, metadata };
}

/** Byte of the file where the header writes a name, as far as it writes it as JSON.stringify would. */
function byteOfName(text: string, name: string): number {
  return headerStart + Buffer.byteLength(text.slice(0, Math.max(0, text.indexOf(JSON.stringify(name)))));
}

function parseObject(file: string, text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const at = headerStart + Number(/position (\d+)/.exec(messageOf(error))?.[1] ?? 0);
    throw notSafetensors(file, at, `a header that is not JSON: ${JSON.stringify(text.slice(0, 40))}`, error);
  }
  if (!isObject(value)) throw notSafetensors(file, headerStart, "a header that is not a JSON object");
  return value;
}

function parseMetadata(place: (name: string) => string, entry: unknown): Readonly<Record<string, string>> {
  if (!isObject(entry)) throw corrupt(place("__metadata__"), "an object of strings", typeof entry);
  const pairs = Object.entries(entry).map(([key, value]) => {
    if (typeof value !== "string") throw corrupt(place(`__metadata__.${key}`), "a string", typeof value);
    return [key, value] as const;
  });
  return Object.fromEntries(pairs);
}

function parseEntry(where: () => string, entry: unknown, dataStart: number): TensorInfo {
  if (!isObject(entry)) throw corrupt(where(), "an object with dtype, shape and data_offsets", typeof entry);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== "string" || !isDtype(dtype)) {
    throw corrupt(where(), `dtype one of ${Object.keys(dtypeBytes).join(", ")}`, `dtype ${JSON.stringify(dtype)}`);
  }
  if (!isCountArray(shape)) {
    throw corrupt(where(), "shape as a list of whole numbers", `shape ${JSON.stringify(shape)}`);
  }
  if (!isCountArray(offsets) || offsets.length !== 2) {
    throw corrupt(where(), "data_offsets as [begin, end]", `data_offsets ${JSON.stringify(offsets)}`);
  }
  const [begin = 0, end = 0] = offsets;
  const expectedBytes = shape.reduce((product, size) => product * size, dtypeBytes[dtype]);
  if (end - begin !== expectedBytes) {
    throw corrupt(where(), `${expectedBytes} bytes for ${dtype} [${shape.join(", ")}]`, `${end - begin} bytes`);
  }
  return { dtype, shape, offset: dataStart + begin, numBytes: expectedBytes };
}

/** Tensors must tile the data: no overlap, no hole, nothing before, nothing after. */
function checkLayout(file: string, tensors: ReadonlyMap<string, TensorInfo>, start: number, fileBytes: number): void {
  const inFileOrder = [...tensors].sort(([, a], [, b]) => a.offset - b.offset || a.numBytes - b.numBytes);
  let end = start;
  for (const [name, { offset, numBytes }] of inFileOrder) {
    if (offset !== end) {
      throw corrupt(
        atByte(file, offset, `tensor ${name}`),
        `data to start at byte ${end - start}, right after the tensor before it`,
        `byte ${offset - start}: ${offset < end ? "tensors overlap" : "a gap"}`,
      );
    }
    end += numBytes;
  }
  if (end === fileBytes) return;
  throw new SwitchyardError("SAFETENSORS_TRUNCATED", "The file's size is not what its header says.", {
    where: atByte(file, Math.min(end, fileBytes)),
    expected: `${end} bytes`,
    received: `${fileBytes} bytes${fileBytes < end ? ": the file was cut off" : ": something follows the last tensor"}`,
    next: "Get the file again.",
  });
}

/** @param byte Where in the file. @returns What to throw when a file does not even start like safetensors. */
export function notSafetensors(file: string, byte: number, received: string, cause?: unknown): SwitchyardError {
  return new SwitchyardError("NOT_SAFETENSORS", "This is not a safetensors file.", {
    where: atByte(file, byte),
    expected: "8 bytes of header length, then a JSON header",
    received,
    next: "Export or download the file again as safetensors.",
    cause,
  });
}

function corrupt(where: string, expected: string, received: string): SwitchyardError {
  return new SwitchyardError("SAFETENSORS_CORRUPT", "The header of the safetensors file is wrong.", {
    where,
    expected,
    received,
    next: "Write the file again with a maintained safetensors library.",
  });
}

function isDtype(name: string): name is Dtype {
  return Object.hasOwn(dtypeBytes, name);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCountArray(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && (item as number) >= 0);
}
