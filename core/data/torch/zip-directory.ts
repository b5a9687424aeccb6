/** Where the central directory of a zip archive lies: from the record at its end, or the zip64 record before that. */
import type { FileHandle } from "node:fs/promises";
import { readBytes } from "../file-bytes.ts";
import { corrupt, notTorchFile, unsupported } from "./torch-errors.ts";

export interface ZipDirectory {
  readonly offset: number;
  readonly numBytes: number;
  readonly numEntries: number;
}

const endSignature = 0x06054b50;
const endBytes = 22;
const longestCommentBytes = 65_535;
const locatorSignature = 0x07064b50;
const locatorBytes = 20;
const end64Signature = 0x06064b50;
const end64Bytes = 56;
const entryHeaderBytes = 46;

/** Bytes that deflate can make of `storedBytes` at most: a run of 258 takes two bits. */
export function deflateLimit(storedBytes: number): number {
  return 1032 * storedBytes;
}

/** @throws SwitchyardError NOT_TORCH_FILE, TORCH_FILE_CORRUPT, TORCH_FILE_UNSUPPORTED */
export async function findDirectory(file: string, handle: FileHandle, size: number): Promise<ZipDirectory> {
  const tailBytes = Math.min(size, endBytes + longestCommentBytes);
  const tailOffset = size - tailBytes;
  const tail = Buffer.from((await readBytes(file, handle, tailOffset, tailBytes)).buffer);
  const end = findEnd(tail);
  if (end === undefined) {
    throw notTorchFile({ file, byte: size }, `no zip directory at the end of ${size} bytes: the file was cut off`);
  }
  const place = { file, byte: tailOffset + end, what: "the end of the zip directory" };
  if (tail.readUInt16LE(end + 4) !== 0 && tail.readUInt16LE(end + 4) !== 0xffff) {
    throw unsupported(place, { expected: "a zip archive in one file", received: "a part of one in several" });
  }
  const locatorAt = end - locatorBytes;
  const isLarge = locatorAt >= 0 && tail.readUInt32LE(locatorAt) === locatorSignature;
  const found = isLarge
    ? await readEnd64(file, handle, Number(tail.readBigUInt64LE(locatorAt + 8)), tailOffset + locatorAt)
    : {
        numEntries: tail.readUInt16LE(end + 10),
        numBytes: tail.readUInt32LE(end + 12),
        offset: tail.readUInt32LE(end + 16),
      };
  const { offset, numBytes, numEntries } = found;
  if (offset + numBytes > place.byte || numEntries * entryHeaderBytes > numBytes) {
    const received = `${numEntries} entries in ${numBytes} bytes from byte ${offset} on`;
    throw corrupt(place, { expected: `a directory that fits before byte ${place.byte}`, received });
  }
  return found;
}

/** The last record whose comment fills the rest of the file. */
function findEnd(tail: Buffer): number | undefined {
  for (let at = tail.length - endBytes; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== endSignature) continue;
    if (at + endBytes + tail.readUInt16LE(at + 20) === tail.length) return at;
  }
  return undefined;
}

async function readEnd64(file: string, handle: FileHandle, at: number, limit: number): Promise<ZipDirectory> {
  const place = { file, byte: limit, what: "the zip64 locator" };
  if (!Number.isSafeInteger(at) || at + end64Bytes > limit) {
    throw corrupt(place, { expected: `a record before byte ${limit}`, received: `byte ${at}` });
  }
  const record = Buffer.from((await readBytes(file, handle, at, end64Bytes)).buffer);
  const [numEntries, numBytes, offset] = [32, 40, 48].map((field) => Number(record.readBigUInt64LE(field)));
  const isRecord = record.readUInt32LE(0) === end64Signature;
  if (!isRecord || numEntries === undefined || numBytes === undefined || offset === undefined) {
    throw corrupt({ ...place, byte: at }, { expected: "the zip64 end of the directory", received: "other bytes" });
  }
  return { numEntries, numBytes, offset };
}
