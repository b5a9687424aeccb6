import { gpuMissing, testedGpu } from "../../kernels/software-gpu.ts";
import { describeFixture } from "./fixture-suite.ts";

describeFixture(testedGpu, 1, gpuMissing);
