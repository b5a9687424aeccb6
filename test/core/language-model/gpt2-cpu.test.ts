import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import { describeFixture } from "./fixture-suite.ts";

describeFixture(cpuDevice, 1);
