import { cpuDevice } from "../../kernels/devices/cpu.ts";
import { goldenSuite } from "./golden-suite.ts";

goldenSuite({ device: "cpu", implementation: "host", open: () => cpuDevice.open() });
