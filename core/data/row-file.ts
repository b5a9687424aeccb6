/**
 * One file of activation rows on disk: where its matrix lies and how to decode it. Rows are read by range, never the
 * whole file; the file is open only while it is read, so thousands of shards cost no file handles.
 */
import { SwitchyardError } from "../errors/switchyard-error.ts";
import { readInto, withFile } from "./file-bytes.ts";
import { atByte } from "./file-errors.ts";
import { widenBfloat16, widenHalf } from "./half-float.ts";
import { readNpyHeader } from "./npy-header.ts";
import { dtypeBytes } from "./safetensors-header.ts";
import type { SafetensorsHeader, TensorInfo } from "./safetensors-header.ts";
import { readSafetensorsHeader } from "./safetensors.ts";

export interface RowFile {
  readonly file: string;
  readonly numRows: number;
  /** D */
  readonly width: number;
  readonly dtype: "F32" | "F16" | "BF16";
  /** Byte where row 0 starts. */
  readonly offset: number;
}

/** File endings of activations. */
export const rowFileEndings = [".safetensors", ".npy"] as const;

/**
 * Reads the header of `file`; no data.
 * @param tensor Name in a safetensors file; default: its only matrix.
 * @throws SwitchyardError FILE_MISSING, NOT_SAFETENSORS, SAFETENSORS_*, NOT_NPY, TENSOR_MISSING, ACTIVATIONS_NOT_2D,
 * ACTIVATIONS_AMBIGUOUS
 */
export async function openRowFile(file: string, tensor?: string): Promise<RowFile> {
  if (file.toLowerCase().endsWith(".npy")) return openNpy(file);
  const header = await readSafetensorsHeader(file);
  const [name, info] = chooseTensor(file, header, tensor);
  const where = atByte(file, info.offset, `tensor ${name}`);
  if (info.dtype !== "F32" && info.dtype !== "F16" && info.dtype !== "BF16") throw notRows(where, describe(info));
  const [numRows, width] = info.shape;
  if (numRows === undefined || width === undefined || width < 1 || info.shape.length !== 2) {
    throw notRows(where, describe(info));
  }
  return { file, numRows, width, dtype: info.dtype, offset: info.offset };
}

/**
 * Copies rows [start, start + count) into the front of `into`.
 * @throws SwitchyardError DATA_NOT_FINITE with file, row and column; SAFETENSORS_TRUNCATED when the file shrank
 */
export async function readRows(source: RowFile, start: number, count: number, into: Float32Array): Promise<void> {
  const { file, width, dtype } = source;
  const numValues = count * width;
  const offset = source.offset + start * width * dtypeBytes[dtype];
  const values = into.subarray(0, numValues);
  await withFile(file, async (handle) => {
    if (dtype === "F32") {
      await readInto(file, handle, offset, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    } else {
      const halves = new Uint16Array(numValues);
      await readInto(file, handle, offset, new Uint8Array(halves.buffer));
      if (dtype === "F16") widenHalf(halves, values);
      else widenBfloat16(halves, values);
    }
  });
  checkFinite(source, start, values);
}

function checkFinite(source: RowFile, start: number, values: Float32Array): void {
  // Zero times a finite number is zero, times any other not a number: far quicker than asking each one.
  let zero = 0;
  for (const value of values) zero += value * 0;
  if (zero === 0) return;
  const bad = values.findIndex((value) => !Number.isFinite(value));
  throw new SwitchyardError("DATA_NOT_FINITE", "The activations hold a number that is not finite.", {
    where: `${source.file}, row ${start + Math.floor(bad / source.width)}, column ${bad % source.width}`,
    expected: "finite numbers",
    received: String(values[bad]),
    next: "Export the activations again (bfloat16 or float32 when float16 overflowed), or leave that row out.",
  });
}

async function openNpy(file: string): Promise<RowFile> {
  const header = await withFile(file, (handle) => readNpyHeader(file, handle));
  const text = `${header.descr} [${header.shape.join(", ")}]${header.isFortranOrder ? " in Fortran order" : ""}`;
  const dtype = header.descr === "<f4" ? "F32" : header.descr === "<f2" ? "F16" : undefined;
  const [numRows, width] = header.shape;
  const isMatrix = header.shape.length === 2 && !header.isFortranOrder;
  if (dtype === undefined || !isMatrix || numRows === undefined || width === undefined || width < 1) {
    throw notRows(atByte(file, header.offset), text);
  }
  return { file, numRows, width, dtype, offset: header.offset };
}

function chooseTensor(file: string, header: SafetensorsHeader, wanted: string | undefined): [string, TensorInfo] {
  const names = [...header.tensors.keys()];
  if (wanted !== undefined) {
    const info = header.tensors.get(wanted);
    if (info !== undefined) return [wanted, info];
    throw new SwitchyardError("TENSOR_MISSING", `There is no tensor "${wanted}" in the file.`, {
      where: file,
      expected: wanted,
      received: names.join(", ") || "no tensors",
      next: "Set the source's tensor option to one of these names.",
    });
  }
  const matrices = [...header.tensors].filter(([, info]) => info.shape.length === 2);
  const [only] = matrices;
  if (only !== undefined && matrices.length === 1) return only;
  const listed = [...header.tensors].map(([name, info]) => `${name} ${describe(info)}`).join("; ") || "no tensors";
  if (matrices.length === 0) throw notRows(atByte(file, 0), listed);
  throw new SwitchyardError("ACTIVATIONS_AMBIGUOUS", "The file holds several matrices.", {
    where: file,
    expected: "one matrix, or the source's tensor option",
    received: listed,
    next: "Set the source's tensor option to the name of the activations.",
  });
}

function describe(info: TensorInfo): string {
  return `${info.dtype} [${info.shape.join(", ")}]`;
}

function notRows(where: string, received: string): SwitchyardError {
  return new SwitchyardError("ACTIVATIONS_NOT_2D", "This is not a matrix of activations.", {
    where,
    expected: "[rows, width], float32, float16 (or bfloat16 in safetensors), row-major",
    received,
    next: "Reshape to two dimensions, convert to float32 and save again in C order.",
  });
}
