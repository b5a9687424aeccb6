import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { describeFixture } from "./fixture-suite.ts";

describeFixture(wasmDevice, 4);
