/**
 * Activations that another tool has exported: matrices [rows, width] in .safetensors or .npy files, many files as one
 * source. Rows are read by range, so the files may be larger than memory. The last rows are held out.
 *
 * @see docs/data.md
 */
import { Type } from "typebox";
import { digestFile, digestValue } from "../../core/data/content-digest.ts";
import { findFiles } from "../../core/data/find-files.ts";
import { openRowFile, rowFileEndings } from "../../core/data/row-file.ts";
import { createShardedStore, numHeldOut, rowRange } from "../../core/data/sharded-store.ts";
import type { RowStore } from "../../core/data/contracts.ts";
import type { ProjectPaths } from "../../core/plugin/define-plugin.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { pathsRef } from "../../core/services.ts";

export const activations = definePlugin({
  kind: "source",
  name: "activations",
  version: "1",
  summary: "Reads activations that were exported to .safetensors or .npy files.",
  options: Type.Object({
    paths: Type.Array(Type.String(), {
      minItems: 1,
      "x-hash": false,
      description: "Files, or folders of them (sorted by name), of matrices [rows, width]: .safetensors or .npy.",
    }),
    tensor: Type.Optional(
      Type.String({ description: "Name of the tensor in .safetensors files. Default: the only matrix of each file." }),
    ),
    heldOutRows: Type.Optional(
      Type.Integer({ minimum: 0, description: "Last rows never trained on; takes precedence over heldOutFraction." }),
    ),
    heldOutFraction: Type.Number({
      default: 0.05,
      minimum: 0,
      exclusiveMaximum: 1,
      description: "Share of rows never trained on: the last ones.",
    }),
    maxRows: Type.Optional(
      Type.Integer({ minimum: 1, description: "Rows taken at most, held-out ones included. Default: all." }),
    ),
  }),
  deps: { paths: pathsRef },
  facts: async (options, paths) => {
    const files = await findFiles(paths.projectFolder, options.paths, rowFileEndings);
    const store = await openFiles(files, options.tensor);
    const { tensor, heldOutRows, heldOutFraction, maxRows } = options;
    const contents = await Promise.all(files.map((file) => digestFile(file, paths.cacheFolder)));
    const numRows = Math.min(store.numRows, maxRows ?? store.numRows);
    numHeldOut(numRows, options);
    return {
      width: store.width,
      fingerprint: digestValue({ contents, tensor, heldOutRows, heldOutFraction, maxRows }),
      description: `${numRows} rows in ${files.length} ${files.length === 1 ? "file" : "files"}`,
    };
  },
  create: async (options, { paths }) => {
    const store = await openAll(options.paths, options.tensor, paths);
    const numRows = Math.min(store.numRows, options.maxRows ?? store.numRows);
    const numHeld = numHeldOut(numRows, options);
    return {
      width: store.width,
      train: rowRange(store, 0, numRows - numHeld),
      heldOut: rowRange(store, numRows - numHeld, numHeld),
    };
  },
});

async function openAll(paths: readonly string[], tensor: string | undefined, project: ProjectPaths): Promise<RowStore> {
  return openFiles(await findFiles(project.projectFolder, paths, rowFileEndings), tensor);
}

async function openFiles(files: readonly string[], tensor: string | undefined): Promise<RowStore> {
  return createShardedStore(await Promise.all(files.map((file) => openRowFile(file, tensor))));
}
