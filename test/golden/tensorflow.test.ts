import { tensorFlowDevice } from "../../kernels/devices/tensorflow.ts";
import { goldenSuite } from "./golden-suite.ts";

const provider = tensorFlowDevice({ processor: "any" });

goldenSuite({
  device: "tensorflow",
  implementation: "reference",
  open: () => provider.open(),
  unavailable: await provider.unavailableReason(),
});
