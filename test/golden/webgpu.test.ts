import { gpuMissing, testedGpu } from "../kernels/software-gpu.ts";
import { goldenSuite } from "./golden-suite.ts";

goldenSuite({ device: "webgpu", implementation: "webgpu", open: () => testedGpu.open(), unavailable: gpuMissing });
