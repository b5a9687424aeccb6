/**
 * The container of one run: a sweep scope (device, tensor library, kernels, source) and below it a run scope with the
 * plugins that the config names. Every binding carries the config position that asked for it.
 */
import { Value } from "typebox/value";
import { bindFactory, bindValue } from "../container/binding.ts";
import type { Binding, FactoryBinding } from "../container/binding.ts";
import { createScope } from "../container/scope.ts";
import type { Scope } from "../container/scope.ts";
import type { PluginChoice, RunConfig, ValueSource } from "../config/config.ts";
import type { SourceProgress } from "../data/contracts.ts";
import type { ModelShape } from "../model/contracts.ts";
import { createSparseAutoencoder } from "../model/create-sparse-autoencoder.ts";
import { createRng } from "../model/rng.ts";
import type { PluginCatalogue } from "../plugin/catalogue.ts";
import type { ProjectPaths } from "../plugin/define-plugin.ts";
import type { PluginKind } from "../plugin/kinds.ts";
import type { ServiceRef } from "../plugin/service.ts";
import * as services from "../services.ts";
import type { ProcessorShare } from "./contracts.ts";
import { createProcessorShare } from "./processor-share.ts";
import * as run from "./run-services.ts";
import { describeSource } from "./run-config-file.ts";

export interface ScopeInput {
  readonly config: RunConfig;
  readonly sources: ReadonlyMap<string, ValueSource>;
  readonly catalogue: PluginCatalogue;
  readonly paths: ProjectPaths;
  /** The GPU that the executor set aside; the device's own choice without it. */
  readonly gpu?: services.AssignedGpu | undefined;
}

/**
 * @param share Threads that this process may use; all cores without it.
 * @throws SwitchyardError CONTAINER_GRAPH, PLUGIN_UNKNOWN and what importing a plugin finds
 */
export async function createSweepScope(
  input: ScopeInput,
  progress: SourceProgress,
  share: ProcessorShare = createProcessorShare(),
): Promise<Scope> {
  const { config, paths } = input;
  const device = await bindPlugin(input, services.deviceRef, "device", config.device, "device");
  const source = await bindPlugin(input, services.sourceRef, "source", config.source, "source");
  return createScope([
    bindValue(services.pathsRef, paths),
    bindValue(services.sourceProgressRef, progress),
    // Read when a plugin is built, not now: the share may have changed by then.
    bindFactory(services.threadsRef, { create: () => share.threads }),
    bindValue(services.assignedGpuRef, input.gpu),
    device,
    bindFactory(services.tensorFlowRef, { deps: { device: services.deviceRef }, create: (deps) => deps.device.tf }),
    bindFactory(services.kernelsRef, { deps: { device: services.deviceRef }, create: (deps) => deps.device.kernels }),
    source,
  ]);
}

/** @param folder Absolute folder of the run. @throws SwitchyardError as `createSweepScope` */
export async function createRunScope(
  input: ScopeInput,
  parent: Scope,
  { shape, folder }: { readonly shape: ModelShape; readonly folder: string },
): Promise<Scope> {
  const { model, training, losses, evaluation, trackers, seed } = input.config;
  const bind = (ref: ServiceRef<unknown>, kind: PluginKind, choice: PluginChoice, at: string): Promise<Binding> =>
    bindPlugin(input, ref, kind, choice, at);
  const plugins = await Promise.all([
    bind(run.routerRef, "router", model.router, "model.router"),
    bind(run.expertRef, "expert", model.expert, "model.expert"),
    bind(run.optimizerRef, "optimizer", training.optimizer, "training.optimizer"),
    bind(run.scheduleRef, "schedule", training.schedule, "training.schedule"),
    ...losses.map((choice, i) => bind(run.lossRef(i), "loss", choice, `losses.${i}`)),
    ...evaluation.evaluators.map((choice, i) =>
      bind(run.evaluatorRef(i), "evaluator", choice, `evaluation.evaluators.${i}`),
    ),
    ...trackers.map((choice, i) => bind(run.trackerRef(i), "tracker", choice, `trackers.${i}`)),
  ]);
  return createScope(
    [
      bindValue(services.rngRef, createRng(seed)),
      bindValue(services.shapeRef, shape),
      bindValue(services.runFolderRef, folder),
      bindModel(input.config),
      ...plugins,
    ],
    parent,
  );
}

function bindModel({ model }: RunConfig): FactoryBinding {
  return bindFactory(run.modelRef, {
    label: "the model",
    deps: {
      tf: services.tensorFlowRef,
      kernels: services.kernelsRef,
      shape: services.shapeRef,
      rng: services.rngRef,
      router: run.routerRef,
      expert: run.expertRef,
    },
    create: (deps) => createSparseAutoencoder({ ...deps, config: model }),
    dispose: ({ parameters }) => {
      parameters.dispose();
    },
  });
}

/** @param at Config path of the choice, for the position in messages. */
async function bindPlugin(
  { catalogue, sources }: ScopeInput,
  ref: ServiceRef<unknown>,
  kind: PluginKind,
  choice: PluginChoice,
  at: string,
): Promise<FactoryBinding> {
  const { type, ...given } = choice;
  const plugin = await catalogue.load(kind, type);
  // A run folder of an earlier version has no value for an option that was added since; its default is what it did then.
  const options = Value.Default(plugin.options, structuredClone(given));
  const where = describeSource(sources.get(`${at}.type`) ?? sources.get(at));
  return {
    ref,
    label: `${kind}/${type}`,
    // The config was validated against the plugin's schema, so the options are what its `create` expects.
    create: (deps) => plugin.create(options as never, deps),
    ...(plugin.deps === undefined ? {} : { deps: plugin.deps }),
    ...(plugin.dispose === undefined ? {} : { dispose: plugin.dispose }),
    ...(where === undefined ? {} : { where }),
  };
}
