/** Writes .npy files as NumPy does, for tests. */
import { writeFileSync } from "node:fs";

export interface NpyOptions {
  readonly descr: string;
  readonly shape: readonly number[];
  readonly data: ArrayBufferView;
  readonly fortranOrder?: boolean;
  readonly version?: 1 | 2 | 3;
}

export function writeNpy(file: string, { descr, shape, data, fortranOrder = false, version = 1 }: NpyOptions): string {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const literal = `{'descr': '${descr}', 'fortran_order': ${fortranOrder ? "True" : "False"}, 'shape': ${tuple}, }`;
  const lengthBytes = version === 1 ? 2 : 4;
  const unpadded = 8 + lengthBytes + literal.length + 1;
  const header = Buffer.from(`${literal}${" ".repeat((64 - (unpadded % 64)) % 64)}\n`);
  const start = Buffer.alloc(8 + lengthBytes);
  start.write("\u0093NUMPY", "latin1");
  start.writeUInt8(version, 6);
  start.writeUIntLE(header.length, 8, lengthBytes);
  writeFileSync(file, Buffer.concat([start, header, Buffer.from(data.buffer, data.byteOffset, data.byteLength)]));
  return file;
}
