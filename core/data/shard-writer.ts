/** Collects rows as they come and writes them as numbered safetensors shards of bounded size. */
import { join } from "node:path";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import { digestFile } from "./content-digest.ts";
import { writeSafetensors } from "./safetensors.ts";

export type Precision = "float32" | "float16";

export interface ShardRecord {
  /** Name within the folder. */
  readonly file: string;
  readonly numRows: number;
  /** sha256 of the file, hex. */
  readonly sha256: string;
}

export interface ShardWriter {
  /** @param rows Whole rows, row-major. @throws SwitchyardError DATA_NOT_FINITE, DISK_FULL, FILE_UNWRITABLE */
  add(rows: Float32Array): Promise<void>;
  /** Writes what is left. @returns Every shard, in order. */
  finish(): Promise<readonly ShardRecord[]>;
}

/** The tensor that holds the rows of a shard. */
export const shardTensor = "activations";

/** Largest finite half-precision number. */
const maxHalf = 65504;

export function createShardWriter(options: {
  readonly folder: string;
  /** D */
  readonly width: number;
  readonly precision: Precision;
  readonly maxShardBytes: number;
}): ShardWriter {
  const { folder, width, precision } = options;
  const bytesPerRow = width * (precision === "float16" ? 2 : 4);
  const maxRows = Math.max(1, Math.floor(options.maxShardBytes / bytesPerRow));
  const records: ShardRecord[] = [];
  let buffer = new Float32Array(0);
  let numRows = 0;

  async function flush(): Promise<void> {
    const name = `shard-${String(records.length).padStart(5, "0")}.safetensors`;
    const file = join(folder, name);
    const dtype = precision === "float16" ? "F16" : "F32";
    const data = buffer.subarray(0, numRows * width);
    await writeSafetensors(file, { [shardTensor]: { dtype, shape: [numRows, width], data } });
    records.push({ file: name, numRows, sha256: await digestFile(file) });
    numRows = 0;
  }

  return {
    async add(rows) {
      checkRange(rows, precision, width);
      for (let done = 0; done < rows.length;) {
        if (buffer.length === 0) buffer = new Float32Array(maxRows * width);
        const taken = Math.min(rows.length - done, (maxRows - numRows) * width);
        buffer.set(rows.subarray(done, done + taken), numRows * width);
        done += taken;
        numRows += taken / width;
        if (numRows === maxRows) await flush();
      }
    },
    async finish() {
      if (numRows > 0) await flush();
      buffer = new Float32Array(0);
      return records;
    },
  };
}

function checkRange(rows: Float32Array, precision: Precision, width: number): void {
  const limit = precision === "float16" ? maxHalf : Number.MAX_VALUE;
  const bad = rows.findIndex((value) => !(Math.abs(value) <= limit));
  if (bad === -1) return;
  throw new SwitchyardError("DATA_NOT_FINITE", `An activation cannot be stored as ${precision}.`, {
    where: `column ${bad % width}`,
    expected: precision === "float16" ? `magnitudes up to ${maxHalf}` : "finite numbers",
    received: String(rows[bad]),
    next: precision === "float16" ? "Set the source's precision to float32." : "Check the checkpoint's weights.",
  });
}
