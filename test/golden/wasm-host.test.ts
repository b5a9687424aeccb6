import { wasmDevice } from "../../kernels/devices/wasm.ts";
import { goldenSuite } from "./golden-suite.ts";

goldenSuite({ device: "wasm", implementation: "host", open: () => wasmDevice.open() });
