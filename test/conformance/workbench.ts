/**
 * Where a suite puts a plugin to work: the cpu device, a shape, and a container with every service that a run would
 * have. Everything is seeded.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bindFactory, bindValue, type Binding } from "../../core/container/binding.ts";
import { createScope } from "../../core/container/scope.ts";
import type { ActivationSource } from "../../core/data/contracts.ts";
import type { ModelShape, RouterFacts } from "../../core/model/contracts.ts";
import { createRng, type RandomStream } from "../../core/model/rng.ts";
import type { AnyPlugin, ProjectPaths } from "../../core/plugin/define-plugin.ts";
import { definitionFaults } from "../../core/plugin/definition.ts";
import type { Created, Facts, PluginKind } from "../../core/plugin/kinds.ts";
import { defineService } from "../../core/plugin/service.ts";
import * as services from "../../core/services.ts";
import type { Device } from "../../kernels/devices/device.ts";
import { expect, type ConformanceCase, type Skips } from "./conformance-case.ts";
import { exampleOptions } from "./example-options.ts";

export interface ConformanceOptions {
  /** The plugin's options; those left out are defaults, or small guesses from the schema. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Services beside those of `switchyard`, for a plugin that depends on its own. */
  readonly bindings?: readonly Binding[];
  /** Folder that relative paths in options start from; the working folder when left out. */
  readonly projectFolder?: string;
  readonly skip?: Skips;
}

/** A plugin at work. */
export interface Bench<K extends PluginKind> {
  readonly instance: Created<K>;
  readonly facts: Facts<K>;
  readonly device: Device;
  readonly shape: ModelShape;
}

export interface BenchSetting {
  readonly shape: ModelShape;
  readonly source?: ActivationSource;
  /** Of the run; 1 when left out. */
  readonly seed?: number;
}

const pluginRef = defineService<unknown>("conformance.plugin", "run");

export async function openCpuDevice(): Promise<Device> {
  const { cpuDevice } = await import("../../kernels/devices/cpu.ts");
  return cpuDevice.open();
}

/** Builds the plugin, hands it to `body`, and disposes of it; a temporary folder serves as run folder and cache. */
export async function withPlugin<K extends PluginKind>(
  plugin: AnyPlugin,
  given: ConformanceOptions,
  setting: BenchSetting,
  body: (bench: Bench<K>) => Promise<void> | void,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "switchyard-conformance-"));
  const device = await openCpuDevice();
  const paths = { projectFolder: given.projectFolder ?? process.cwd(), cacheFolder: folder };
  const options = exampleOptions(plugin.options, given.options);
  const scope = createScope([
    bindValue(services.deviceRef, device),
    bindValue(services.tensorFlowRef, device.tf),
    bindValue(services.kernelsRef, device.kernels),
    bindValue(services.pathsRef, paths),
    bindValue(services.sourceProgressRef, () => undefined),
    bindValue(services.threadsRef, 1),
    bindValue(services.rngRef, createRng(setting.seed ?? 1)),
    bindValue(services.shapeRef, setting.shape),
    bindValue(services.runFolderRef, folder),
    ...(setting.source === undefined ? [] : [bindValue(services.sourceRef, setting.source)]),
    ...(given.bindings ?? []),
    bindFactory(pluginRef, {
      deps: plugin.deps ?? {},
      create: (deps) => plugin.create(options as never, deps as never),
      dispose: (instance) => plugin.dispose?.(instance as never),
      label: `${plugin.kind}/${plugin.name}`,
    }),
  ]);
  try {
    const facts = await factsOf<K>(plugin, given, paths);
    const instance = (await scope.get(pluginRef)) as Created<K>;
    await body({ instance, facts, device, shape: setting.shape });
  } finally {
    await scope.dispose();
    await rm(folder, { recursive: true, force: true });
  }
}

export async function factsOf<K extends PluginKind>(
  plugin: AnyPlugin,
  given: ConformanceOptions,
  paths: ProjectPaths = {
    projectFolder: given.projectFolder ?? process.cwd(),
    cacheFolder: join(tmpdir(), "switchyard-conformance-facts"),
  },
): Promise<Facts<K>> {
  return (await plugin.facts?.(exampleOptions(plugin.options, given.options) as never, paths)) as Facts<K>;
}

/** Whether a definition is complete, and documented enough for `switchyard plugins` and editors. */
export function definitionCases(plugin: AnyPlugin, kind: PluginKind): readonly ConformanceCase[] {
  return [
    {
      name: `is a valid ${kind} plugin`,
      run: () => {
        const faults = definitionFaults(plugin);
        expect(faults.length === 0, "the definition", "no fault", faults.join("; "));
        expect(plugin.kind === kind, "its kind", kind, plugin.kind);
        return Promise.resolve();
      },
    },
    {
      name: "describes every option",
      run: () => {
        for (const [name, schema] of Object.entries(plugin.options.properties)) {
          const description = "description" in schema ? schema.description : undefined;
          expect(typeof description === "string" && description.length > 0, `options.${name}`, "a description", "none");
        }
        return Promise.resolve();
      },
    },
  ];
}

/** A small shape for a router's facts: M = 5, and D such that it is no other length. */
export function shapeFor({ numExperts, numSelected, numShared = 0 }: RouterFacts): ModelShape {
  const featuresPerExpert = 5;
  const width = [7, 8, 9].find((d) => d !== numExperts && d !== numExperts * featuresPerExpert) ?? 7;
  return {
    width,
    features: numExperts * featuresPerExpert,
    experts: numExperts,
    featuresPerExpert,
    selectedExperts: numSelected,
    sharedExperts: numShared,
  };
}

export function normals(stream: RandomStream, count: number, scale = 1): Float32Array {
  return Float32Array.from({ length: count }, () => scale * stream.normal());
}

/** Runs `body` and fails if it left tensors behind. */
export async function expectNoLeak(device: Device, what: string, body: () => Promise<void> | void): Promise<void> {
  const before = device.tf.memory().numTensors;
  await body();
  const left = device.tf.memory().numTensors - before;
  expect(left === 0, `tensors left behind by ${what}`, "0", left);
}
