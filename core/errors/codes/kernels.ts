/** Error codes of the kernels room. A code never changes its meaning; a retired one is not reused. */
import type { Explanation } from "./explanation.ts";

export const kernelsCodes = {
  KERNEL_SHAPE: {
    title: "A numerical operation received a tensor of the wrong shape.",
    why:
      "Kernels check the shape of every argument before they read memory. Letters in a name give the shape: B rows, " +
      "D width, F features, E experts, M = F/E features an expert, R experts a row, K active features.",
    fix: "Compare the expected with the received shape, and correct the plugin that called the operation.",
    example: "sparseDecode takes indices_BK and values_BK of one shape; values of shape [B, K, 1] are refused.",
  },
  KERNEL_DTYPE: {
    title: "A numerical operation received a tensor of the wrong type of number.",
    why: "Values are float32 and indices int32. Reading one as the other would give wrong numbers without a word.",
    fix: 'Convert the tensor: tf.cast(tensor, "int32") or tf.cast(tensor, "float32").',
    example: 'tf.tensor2d([[0, 3]]) is float32; write tf.tensor2d([[0, 3]], [1, 2], "int32") for indices.',
  },
  KERNEL_INDEX_RANGE: {
    title: "An index points outside of what it indexes, or names an expert twice in one row.",
    why:
      "An index outside of its range would read foreign memory on one device and zeros on another. A row that chose " +
      "one expert twice would count its features twice.",
    fix: "Correct the router or the expert plugin that made the indices.",
    example: "With 8 experts, expertIndices_BR holds 0 to 7, and [3, 3] is not a routing to two experts.",
  },
  KERNEL_VALUE_RANGE: {
    title: "A number given to a numerical operation is out of its range.",
    why:
      "Gates are non-negative, counts are positive integers, Adam's betas lie in [0, 1). Anything else has no meaning " +
      "in the operation's contract. A NaN here often means that training diverged before.",
    fix: "Look at the argument that the message names; if it is NaN, lower the learning rate.",
  },
  KERNEL_K_RANGE: {
    title: "k is not between 1 and the number of features that a row can reach.",
    why: "A row sees only the R * M features of the experts that it is routed to; it cannot have more active ones.",
    fix: "Choose a smaller k, more features, fewer experts, or more experts a row.",
    example: "features: 2048 over 64 experts gives 32 features an expert: k: 64 with one expert a row is refused.",
  },
  DEVICE_UNAVAILABLE: {
    title: "The chosen device cannot be opened on this machine.",
    why:
      "The devices cpu and wasm need nothing. The device native needs kernels that are compiled when Switchyard is " +
      "installed. The device webgpu needs a GPU, its driver (on Linux for Vulkan, with the loader libvulkan1) and the " +
      "optional package webgpu; docs/devices.md tells how. The device tensorflow needs @tensorflow/tfjs-node-gpu or " +
      "@tensorflow/tfjs-node, whose install script downloads libtensorflow; npm 11 and later run such a script only " +
      "after `npm install-scripts approve <package>`.",
    fix:
      "Follow the next step that the message names, or write `device: auto`, which takes the best that opens. " +
      "`switchyard doctor` tells which open here.",
  },
  DEVICE_LOST: {
    title: "The GPU stopped answering in the middle of the work.",
    why:
      "A driver resets a GPU after a fault or a command that ran too long, a laptop switches its GPU off, a container " +
      "is moved. What was in the GPU's memory is gone; what was written to checkpoints is not.",
    fix:
      "Run the same command again: unfinished runs go on from their last checkpoint. If it comes back, look at the " +
      "driver's log (`dmesg` on Linux), and choose `device: native` meanwhile.",
  },
  DEVICE_OUT_OF_MEMORY: {
    title: "The GPU has not enough memory for this run.",
    why:
      "Parameters and Adam's two moments take 3 times the parameters, a step's gradients once more, and activations " +
      "grow with the batch. A single tensor may also be larger than the GPU takes in one piece.",
    fix:
      "Lower training.batchSize or model.features, or let fewer runs share the GPU (`--slots 1`). " +
      "`switchyard plan` estimates the memory of each run.",
  },
  DEVICE_REFUSED: {
    title: "The GPU's driver refused a command.",
    why: "WebGPU checks every command. A refused one is a fault in Switchyard or in a plugin that uses the GPU itself.",
    fix: "Report it with the message. `device: native` computes the same on the processor.",
  },
} as const satisfies Record<string, Explanation>;
