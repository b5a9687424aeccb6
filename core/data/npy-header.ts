/**
 * The header of NumPy's .npy format, versions 1 to 3: magic, version, header length, then a Python dictionary literal
 * with descr, fortran_order and shape. https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
import type { FileHandle } from "node:fs/promises";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import { readBytes } from "./file-bytes.ts";
import { atByte } from "./file-errors.ts";

export interface NpyHeader {
  /** NumPy's type string: "<f4". */
  readonly descr: string;
  readonly isFortranOrder: boolean;
  readonly shape: readonly number[];
  /** Byte of the file where the data starts. */
  readonly offset: number;
}

const magic = "\u0093NUMPY";

/** NumPy itself writes at most 64 KiB for anything that can be read here. */
const maxHeaderBytes = 1 << 20;

/** @throws SwitchyardError NOT_NPY when the header is damaged or disagrees with the file's size */
export async function readNpyHeader(file: string, handle: FileHandle): Promise<NpyHeader> {
  const { size } = await handle.stat();
  if (size < 12) throw notNpy(file, size, `a file of ${size} bytes`);
  const start = Buffer.from(await readBytes(file, handle, 0, 12));
  if (start.subarray(0, 6).toString("latin1") !== magic) {
    throw notNpy(file, 0, `it starts with ${JSON.stringify(start.subarray(0, 6).toString("latin1"))}`);
  }
  const version = start.readUInt8(6);
  if (version < 1 || version > 3) throw notNpy(file, 6, `format version ${version}`);
  const lengthBytes = version === 1 ? 2 : 4;
  const length = version === 1 ? start.readUInt16LE(8) : start.readUInt32LE(8);
  const offset = 8 + lengthBytes + length;
  if (offset > size || length > maxHeaderBytes) {
    throw notNpy(file, 8, `a header of ${length} bytes in a file of ${size} bytes`);
  }
  const text = Buffer.from(await readBytes(file, handle, 8 + lengthBytes, length)).toString("utf8");
  const header = { ...parseDictionary(file, 8 + lengthBytes, text), offset };
  checkSize(file, header, size);
  return header;
}

function parseDictionary(file: string, start: number, text: string): Omit<NpyHeader, "offset"> {
  const descr = /['"]descr['"]\s*:\s*['"]([^'"]*)['"]/.exec(text)?.[1];
  const order = /['"]fortran_order['"]\s*:\s*(True|False)/.exec(text)?.[1];
  const shape = /['"]shape['"]\s*:\s*\(([\d\s,L]*)\)/.exec(text)?.[1];
  if (descr === undefined || order === undefined || shape === undefined) {
    throw notNpy(file, start, `the header ${JSON.stringify(text.trim().slice(0, 100))}`);
  }
  const parts = shape.split(",").map((part) => part.trim());
  const written = parts.filter((part) => part !== "");
  const sizes = written.map((part) => (/^\d+L?$/.test(part) ? Number.parseInt(part, 10) : Number.NaN));
  if (!sizes.every((size) => Number.isSafeInteger(size)))
    throw notNpy(file, start, `the shape (${shape.slice(0, 100)})`);
  return { descr, isFortranOrder: order === "True", shape: sizes };
}

function checkSize(file: string, header: NpyHeader, fileBytes: number): void {
  const itemBytes = Number.parseInt(header.descr.slice(2), 10);
  if (!Number.isSafeInteger(itemBytes)) return;
  const expected = header.offset + header.shape.reduce((product, size) => product * size, itemBytes);
  if (expected === fileBytes) return;
  const isShort = fileBytes < expected;
  throw new SwitchyardError("NOT_NPY", "The .npy file's size is not what its header says.", {
    where: atByte(file, isShort ? fileBytes : header.offset),
    expected: `${expected} bytes for ${header.descr} [${header.shape.join(", ")}]`,
    received: `${fileBytes} bytes${isShort ? ": the file was cut off" : ""}`,
    next: "Get the file again.",
  });
}

function notNpy(file: string, byte: number, received: string): SwitchyardError {
  return new SwitchyardError("NOT_NPY", "This is not a .npy file.", {
    where: atByte(file, byte),
    expected: "a file written by numpy.save",
    received,
    next: "Save the array again with numpy.save.",
  });
}
