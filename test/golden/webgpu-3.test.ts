import { gpuMissing, testedGpu } from "../kernels/software-gpu.ts";
import { goldenSuite } from "./golden-suite.ts";

goldenSuite({
  ...{ device: "webgpu", implementation: "webgpu", unavailable: gpuMissing },
  open: () => testedGpu.open(),
  part: { index: 2, of: 4 },
});
