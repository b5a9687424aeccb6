/**
 * Random rows from a seed. Say here where yours come from.
 *
 * Shapes: N rows, D width.
 */
import { createHash } from "node:crypto";
import { createRng, definePlugin, Type, type RowStore } from "../../index.ts";

export const exampleSource = definePlugin({
  kind: "source",
  name: "example-source",
  version: "1",
  summary: "Normally distributed rows.",
  options: Type.Object({
    width: Type.Integer({ default: 16, minimum: 1, description: "Width of an activation." }),
    rows: Type.Integer({ default: 4096, minimum: 1, description: "Rows to train on." }),
    heldOutRows: Type.Integer({ default: 512, minimum: 1, description: "Further rows, never trained on." }),
    seed: Type.Integer({ default: 0, description: "Seed of the rows; independent of the run's seed." }),
  }),
  facts: (options) => ({
    width: options.width,
    // Everything that determines the rows. For files, digest their contents.
    fingerprint: createHash("sha256").update(JSON.stringify(options)).digest("hex"),
    description: `${options.rows} + ${options.heldOutRows} random rows`,
  }),
  create: ({ width, rows, heldOutRows, seed }) => {
    const stream = createRng(seed).stream("example-source");
    const data_ND = Float32Array.from({ length: (rows + heldOutRows) * width }, () => stream.normal());
    const store = (first: number, numRows: number): RowStore => ({
      numRows,
      width,
      read: (start, count, into) => {
        if (start < 0 || start + count > numRows) {
          return Promise.reject(new RangeError(`rows ${start} to ${start + count} of ${numRows}`));
        }
        into.set(data_ND.subarray((first + start) * width, (first + start + count) * width));
        return Promise.resolve();
      },
    });
    return { width, train: store(0, rows), heldOut: store(rows, heldOutRows) };
  },
});
