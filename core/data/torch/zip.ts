/**
 * Zip archives, as far as torch.save writes them: stored or deflated entries, zip64 sizes, no encryption. The central
 * directory is read once; an entry is read when it is asked for, and checked against its CRC. Every number in the file
 * is checked against the file's size before memory is taken for it. Why our own: docs/decisions/torch-files.md.
 *
 * Format: PKWARE APPNOTE 6.3.10, sections 4.3 (records) and 4.5.3 (zip64 extra field).
 */
import { constants } from "node:buffer";
import type { FileHandle } from "node:fs/promises";
import { crc32, inflateRawSync } from "node:zlib";
import { messageOf } from "../../errors/switchyard-error.ts";
import { readBytes } from "../file-bytes.ts";
import { corrupt, notTorchFile, unsupported } from "./torch-errors.ts";
import type { Finding, Place } from "./torch-errors.ts";
import { deflateLimit, findDirectory } from "./zip-directory.ts";

export interface ZipEntry {
  readonly name: string;
  readonly isDeflated: boolean;
  readonly crc: number;
  /** As stored, compressed where it is. */
  readonly storedBytes: number;
  readonly numBytes: number;
  /** Byte of the file where the entry's local header starts. */
  readonly headerOffset: number;
}

export interface ZipArchive {
  readonly file: string;
  readonly handle: FileHandle;
  readonly entries: ReadonlyMap<string, ZipEntry>;
  /** Byte where the entries end and the directory starts. */
  readonly directoryOffset: number;
}

/** What an entry holds, and where in the file that starts. */
export interface EntryBytes {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly offset: number;
}

const entrySignature = 0x02014b50;
const localSignature = 0x04034b50;
const entryHeaderBytes = 46;
const localHeaderBytes = 30;

/** @throws SwitchyardError NOT_TORCH_FILE, TORCH_FILE_CORRUPT, TORCH_FILE_UNSUPPORTED */
export async function openZip(file: string, handle: FileHandle): Promise<ZipArchive> {
  const { size } = await handle.stat();
  const directory = await findDirectory(file, handle, size);
  const bytes = Buffer.from((await readBytes(file, handle, directory.offset, directory.numBytes)).buffer);
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let i = 0; i < directory.numEntries; i++) {
    const place = { file, byte: directory.offset + at, what: `entry ${i + 1} of the zip directory` };
    if (at + entryHeaderBytes > bytes.length || bytes.readUInt32LE(at) !== entrySignature) {
      throw corrupt(place, { expected: "a directory entry", received: "other bytes" });
    }
    const lengths = [bytes.readUInt16LE(at + 28), bytes.readUInt16LE(at + 30), bytes.readUInt16LE(at + 32)] as const;
    const end = at + entryHeaderBytes + lengths[0] + lengths[1] + lengths[2];
    if (end > bytes.length)
      throw corrupt(place, { expected: "an entry inside the directory", received: "a longer one" });
    const entry = parseEntry(bytes.subarray(at, end), place);
    checkEntry(entry, entries, directory.offset, place);
    entries.set(entry.name, entry);
    at = end;
  }
  if (entries.size === 0) throw notTorchFile({ file, byte: directory.offset }, "an empty zip archive");
  return { file, handle, entries, directoryOffset: directory.offset };
}

/** Reads and checks one entry. @throws SwitchyardError TORCH_FILE_CORRUPT, TORCH_FILE_UNSUPPORTED */
export async function readEntry(archive: ZipArchive, entry: ZipEntry): Promise<EntryBytes> {
  const { file, handle } = archive;
  const place = { file, byte: entry.headerOffset, what: entry.name };
  if (entry.numBytes > constants.MAX_LENGTH) {
    throw unsupported(place, {
      expected: `at most ${constants.MAX_LENGTH} bytes`,
      received: `${entry.numBytes} bytes`,
    });
  }
  const header = Buffer.from((await readBytes(file, handle, entry.headerOffset, localHeaderBytes)).buffer);
  if (header.readUInt32LE(0) !== localSignature) {
    throw corrupt(place, { expected: "the header of a zip entry", received: "other bytes" });
  }
  const offset = entry.headerOffset + localHeaderBytes + header.readUInt16LE(26) + header.readUInt16LE(28);
  if (offset + entry.storedBytes > archive.directoryOffset) {
    throw corrupt(place, { expected: "an entry that ends before the zip directory", received: "a longer one" });
  }
  const stored = await readBytes(file, handle, offset, entry.storedBytes);
  const bytes = entry.isDeflated ? inflate(stored, entry, { ...place, byte: offset }) : stored;
  const crc = crc32(bytes);
  if (crc !== entry.crc) {
    throw corrupt({ ...place, byte: offset }, { expected: `checksum ${hex(entry.crc)}`, received: hex(crc) });
  }
  return { bytes, offset };
}

/** The local header holds the same; only the directory's is believed. @param bytes One entry, from its signature on. */
function parseEntry(bytes: Buffer, place: Place): ZipEntry {
  const nameBytes = bytes.readUInt16LE(28);
  const method = bytes.readUInt16LE(10);
  const name = bytes.toString("utf8", entryHeaderBytes, entryHeaderBytes + nameBytes);
  const isEncrypted = (bytes.readUInt16LE(8) & 1) === 1;
  if (isEncrypted || (method !== 0 && method !== 8)) {
    const received = isEncrypted ? "an encrypted entry" : `compression method ${method}`;
    throw unsupported({ ...place, what: name }, { expected: "stored or deflated entries", received });
  }
  const extraStart = entryHeaderBytes + nameBytes;
  const extra = bytes.subarray(extraStart, extraStart + bytes.readUInt16LE(30));
  const large = new Zip64Field(extra, place);
  // The order in which a zip64 field lists what did not fit.
  const numBytes = large.orElse(bytes.readUInt32LE(24));
  const storedBytes = large.orElse(bytes.readUInt32LE(20));
  const headerOffset = large.orElse(bytes.readUInt32LE(42));
  return { name, isDeflated: method === 8, crc: bytes.readUInt32LE(16), storedBytes, numBytes, headerOffset };
}

/** Sizes and offsets that 32 bits could not hold, in order. */
class Zip64Field {
  readonly #values: Buffer;
  readonly #place: Place;
  #at = 0;

  constructor(extra: Buffer, place: Place) {
    this.#place = place;
    let values = extra.subarray(0, 0);
    for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
      if (extra.readUInt16LE(at) === 1) values = extra.subarray(at + 4, at + 4 + extra.readUInt16LE(at + 2));
    }
    this.#values = values;
  }

  orElse(value: number): number {
    if (value !== 0xffffffff) return value;
    const isThere = this.#at + 8 <= this.#values.length;
    const large = isThere ? Number(this.#values.readBigUInt64LE(this.#at)) : Number.NaN;
    this.#at += 8;
    if (Number.isSafeInteger(large)) return large;
    throw corrupt(this.#place, { expected: "a zip64 field with the size", received: "none, or an absurd one" });
  }
}

function checkEntry(
  { name, headerOffset, storedBytes, numBytes, isDeflated }: ZipEntry,
  known: ReadonlyMap<string, ZipEntry>,
  directoryOffset: number,
  place: Place,
): void {
  const finding = entryProblem();
  if (finding !== undefined) throw corrupt({ ...place, what: name }, finding);

  function entryProblem(): Finding | undefined {
    if (known.has(name)) return { expected: "every name once", received: "a second entry of this name" };
    if (headerOffset + localHeaderBytes + storedBytes > directoryOffset) {
      const received = `${storedBytes} bytes from byte ${headerOffset} on`;
      return { expected: `an entry before byte ${directoryOffset}`, received };
    }
    const most = isDeflated ? deflateLimit(storedBytes) : storedBytes;
    const isPossible = isDeflated ? numBytes <= most : numBytes === storedBytes;
    return isPossible ? undefined : { expected: `at most ${most} bytes`, received: `${numBytes} bytes` };
  }
}

function inflate(stored: Uint8Array, { numBytes }: ZipEntry, place: Place): Uint8Array<ArrayBuffer> {
  let inflated: Buffer;
  try {
    inflated = inflateRawSync(stored, { maxOutputLength: Math.max(1, numBytes) });
  } catch (cause) {
    throw corrupt(place, { expected: `deflated data of ${numBytes} bytes`, received: messageOf(cause), cause });
  }
  if (inflated.length !== numBytes) {
    throw corrupt(place, { expected: `${numBytes} bytes`, received: `${inflated.length} bytes` });
  }
  // Into a buffer of its own, so that typed arrays can be laid over it.
  return new Uint8Array(inflated);
}

function hex(crc: number): string {
  return crc.toString(16).padStart(8, "0");
}
