/** The grouped kernels in C++. */
import type * as tf from "@tensorflow/tfjs";
import { nativeVersion, type KernelVersion } from "../kernel-version.ts";
import {
  groupedDecodeName,
  groupedEncodeName,
  groupedOuterName,
  type GroupedAttributes,
  type GroupedDecodeInputs,
  type GroupedEncodeInputs,
  type GroupedOuterInputs,
} from "./contract.ts";

export const groupedMatmulNative: readonly KernelVersion[] = [
  nativeVersion(
    groupedEncodeName,
    (memory, { acts_BD, weights_FD, expertIndices_BR }: GroupedEncodeInputs, { numExperts }: GroupedAttributes) => {
      const [rows, selected] = expertIndices_BR.shape;
      const [features, width] = weights_FD.shape;
      const out_BRM = memory.allocate([rows, selected, features / numExperts], "float32");
      memory.addon.groupedEncode(
        ...([rows, width, numExperts, selected, features / numExperts] as const),
        ...([memory.floats(acts_BD), memory.floats(weights_FD), memory.ints(expertIndices_BR)] as const),
        memory.floats(out_BRM),
      );
      return out_BRM;
    },
  ),
  nativeVersion(
    groupedDecodeName,
    (memory, { values_BRM, weights_FD, expertIndices_BR }: GroupedDecodeInputs, { numExperts }: GroupedAttributes) => {
      const [rows, selected, blockSize] = values_BRM.shape;
      const out_BD = memory.allocate([rows, weights_FD.shape[1]], "float32");
      memory.addon.groupedDecode(
        ...([rows, weights_FD.shape[1], numExperts, selected, blockSize] as const),
        ...([memory.floats(values_BRM), memory.floats(weights_FD), memory.ints(expertIndices_BR)] as const),
        memory.floats(out_BD),
      );
      return out_BD;
    },
  ),
  nativeVersion(
    groupedOuterName,
    (memory, { values_BRM, rows_BD, expertIndices_BR }: GroupedOuterInputs, { numExperts }: GroupedAttributes) => {
      const [rows, selected, blockSize] = values_BRM.shape;
      const out_FD: tf.Tensor = memory.allocate([numExperts * blockSize, rows_BD.shape[1]], "float32");
      memory.addon.groupedOuter(
        ...([rows, rows_BD.shape[1], numExperts, selected, blockSize] as const),
        ...([memory.floats(values_BRM), memory.floats(rows_BD), memory.ints(expertIndices_BR)] as const),
        memory.floats(out_FD),
      );
      return out_FD;
    },
  ),
];
