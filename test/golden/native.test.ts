import { nativeDevice } from "../../kernels/devices/native.ts";
import { goldenSuite } from "./golden-suite.ts";

const device = nativeDevice({ threads: 2 });
const unavailable = await device.unavailableReason();

goldenSuite({ device: "native", implementation: "native", open: () => device.open(), unavailable });
