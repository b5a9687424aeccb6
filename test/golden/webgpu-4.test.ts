import { gpuMissing, onDemand, testedGpu } from "../kernels/software-gpu.ts";
import { goldenSuite } from "./golden-suite.ts";

goldenSuite({
  ...{ device: "webgpu", implementation: "webgpu", unavailable: gpuMissing ?? onDemand },
  open: () => testedGpu.open(),
  part: { index: 3, of: 4 },
});
