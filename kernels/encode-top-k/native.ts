/** Encode top-k in C++. */
import { nativeVersion, type KernelVersion } from "../kernel-version.ts";
import { encodeTopKName, type EncodeTopKAttributes, type EncodeTopKTensors } from "./contract.ts";

export const encodeTopKNative: readonly KernelVersion[] = [
  nativeVersion(encodeTopKName, (memory, inputs: EncodeTopKTensors, { numExperts, k }: EncodeTopKAttributes) => {
    const { acts_BD, encoder_FD, encoderBias_F, expertIndices_BR, gates_BR } = inputs;
    const [rows, selected] = expertIndices_BR.shape;
    const [features, width] = encoder_FD.shape;
    const indices_BK = memory.allocate([rows, k], "int32");
    const values_BK = memory.allocate([rows, k], "float32");
    const slots_BK = memory.allocate([rows, k], "int32");
    memory.addon.encodeTopK(
      ...([rows, width, numExperts, selected, features / numExperts, k] as const),
      ...([memory.floats(acts_BD), memory.floats(encoder_FD)] as const),
      encoderBias_F === undefined ? null : memory.floats(encoderBias_F),
      ...([memory.ints(expertIndices_BR), memory.floats(gates_BR)] as const),
      ...([memory.ints(indices_BK), memory.floats(values_BK), memory.ints(slots_BK)] as const),
    );
    return [indices_BK, values_BK, slots_BK];
  }),
];
