/**
 * What `import ... from "switchyard"` gives to plugin files and to programs: the means to declare plugins and
 * services, the services that exist, the contracts that plugins fulfil, and the means to build and evaluate a model
 * without a config. Loads no tensor library.
 */
export { Type } from "typebox";
export type { Static, TObject } from "typebox";

export { definePlugin } from "./plugin/define-plugin.ts";
export type { AnyPlugin, PluginDefinition, ProjectPaths } from "./plugin/define-plugin.ts";
export { defineService } from "./plugin/service.ts";
export type { Dependencies, DependencyRefs, ServiceRef, ServiceScope } from "./plugin/service.ts";
export { pluginKinds } from "./plugin/kinds.ts";
export type { Created, Facts, PluginKind, PluginKinds } from "./plugin/kinds.ts";
export { fromTsyringe } from "./container/from-tsyringe.ts";
export { bindFactory, bindValue } from "./container/binding.ts";
export type { Binding } from "./container/binding.ts";
export { SwitchyardError } from "./errors/switchyard-error.ts";
export type { ErrorCode } from "./errors/codes.ts";

export {
  assignedGpuRef,
  deviceRef,
  kernelsRef,
  pathsRef,
  rngRef,
  runFolderRef,
  shapeRef,
  sourceProgressRef,
  sourceRef,
  tensorFlowRef,
  threadsRef,
} from "./services.ts";
export type { AssignedGpu, DeviceFacts } from "./services.ts";
export type { TrainingSize } from "../kernels/devices/training-size.ts";
export { createRng } from "./model/rng.ts";
export type { RandomStream, Rng } from "./model/rng.ts";

export { buildPlugin } from "./program/build-plugin.ts";
export type { BuiltPlugin, PluginSurroundings } from "./program/build-plugin.ts";
export { buildModel } from "./program/build-model.ts";
export type { BuiltModel, ModelChoices, PluginUse } from "./program/build-model.ts";
export { lossGradients } from "./training/gradients.ts";
export type { LossGradients, LossGradientsInput, NamedLoss } from "./training/gradients.ts";
export { evaluate } from "./evaluation/evaluate.ts";
export type { EvaluateInput, EvaluationOutcome } from "./evaluation/evaluate.ts";

export type * from "./model/contracts.ts";
export type * from "./data/contracts.ts";
export type * from "./training/contracts.ts";
export type * from "./evaluation/contracts.ts";
export type { SparseAutoencoder } from "./model/sparse-autoencoder.ts";
export { detach } from "../kernels/detach.ts";
export type { Device, DeviceProvider } from "../kernels/devices/device.ts";
export type { Kernels } from "../kernels/kernels.ts";
export type { Plot, VegaLiteSpec } from "./analysis/contracts.ts";
export { runStyles } from "./analysis/run-styles.ts";
export type { RunStyle, RunStyles } from "./analysis/run-styles.ts";
export type { RunSummary } from "./run/run-summary.ts";
