/**
 * Opens a device the way a run would, with the defaults of its options, lets it compute, and says how that went.
 * Whatever a plugin does wrong is a finding here, never an error.
 */
import { setTimeout as wait } from "node:timers/promises";
import type { TObject } from "typebox";
import { bindFactory, bindValue } from "../container/binding.ts";
import type { FactoryBinding } from "../container/binding.ts";
import { createScope } from "../container/scope.ts";
import { fromKernelError } from "../errors/from-kernel-error.ts";
import { messageOf, SwitchyardError } from "../errors/switchyard-error.ts";
import type { CatalogueEntry } from "../plugin/catalogue.ts";
import type { AnyPlugin, ProjectPaths } from "../plugin/define-plugin.ts";
import * as services from "../services.ts";
import type { Device } from "../../kernels/devices/device.ts";
import { failureOf } from "./failure.ts";
import { createProcessorShare } from "./processor-share.ts";

/** Why a device cannot be used: the fields of an error. */
export interface DeviceProblem {
  readonly code: string;
  /** One sentence. */
  readonly message: string;
  readonly expected?: string;
  readonly received?: string;
  readonly next?: string;
}

export type DeviceCheck = {
  /** The name in configs. */
  readonly name: string;
  /** "built in", or where the plugin comes from. */
  readonly origin: string;
} & (
  | {
      readonly works: true;
      /** The device that opened: another one for `auto`. */
      readonly device: string;
      readonly description: string;
      /** Why it was taken, for a device that chooses. */
      readonly reason?: string;
    }
  | { readonly works: false; readonly problem: DeviceProblem }
);

/** Loading a device's package for the first time can take seconds, finding a GPU longer. */
const longestOpeningMs = 60_000;

/**
 * Opens the device of a plugin in this process, where its tensor backend is then the current one.
 * @param entry Of kind `device`. @param timeoutMs When a device that does not open is given up.
 * @returns Never rejects.
 */
export async function checkDevice(
  entry: CatalogueEntry,
  paths: ProjectPaths,
  timeoutMs: number = longestOpeningMs,
): Promise<DeviceCheck> {
  const { name, origin } = entry;
  const timer = new AbortController();
  try {
    const opened = await Promise.race([
      openAndCompute(entry, paths),
      wait(timeoutMs, undefined, { signal: timer.signal }).then(() => {
        throw notOpened(name, timeoutMs);
      }),
    ]);
    return { name, origin, works: true, ...opened };
  } catch (error) {
    return { name, origin, works: false, problem: problemOf(fromKernelError(error)) };
  } finally {
    timer.abort();
  }
}

type Opened = Pick<DeviceCheck & { readonly works: true }, "device" | "description" | "reason">;

async function openAndCompute(entry: CatalogueEntry, paths: ProjectPaths): Promise<Opened> {
  const plugin = await entry.load();
  const scope = createScope([
    bindValue(services.pathsRef, paths),
    bindFactory(services.threadsRef, { create: () => createProcessorShare().threads }),
    bindDevice(plugin),
  ]);
  try {
    const device = await scope.get(services.deviceRef);
    compute(entry.name, device);
    const { name, description, reason } = device;
    const texts = { device: asText(name), description: asText(description) };
    return reason === undefined ? texts : { ...texts, reason: asText(reason) };
  } finally {
    await scope.dispose();
  }
}

/** A plugin in JavaScript may give anything. It becomes text while that may still fail. */
function asText(given: unknown): string {
  return String(given);
}

function bindDevice(plugin: AnyPlugin): FactoryBinding {
  const options = defaultsOf(plugin.name, plugin.options);
  return {
    ref: services.deviceRef,
    label: `device/${plugin.name}`,
    create: (deps) => plugin.create(options as never, deps), // the schema's own defaults
    ...(plugin.deps === undefined ? {} : { deps: plugin.deps }),
    ...(plugin.dispose === undefined ? {} : { dispose: plugin.dispose }),
  };
}

function defaultsOf(name: string, schema: TObject): Readonly<Record<string, unknown>> {
  const options = Object.entries(schema.properties);
  const missing = options
    .filter(([key, option]) => !("default" in option) && isRequired(schema, key))
    .map(([key]) => key);
  if (missing.length === 0) {
    return Object.fromEntries(options.flatMap(([key, option]) => ("default" in option ? [[key, option.default]] : [])));
  }
  throw new SwitchyardError("MISSING_KEY", `The device ${name} opens only with options of yours.`, {
    expected: missing.join(", "),
    received: "no config",
    next: `Try it in a run: device: { type: ${name}, ${missing.map((key) => `${key}: ...`).join(", ")} }`,
  });
}

/** An object without required properties may lack the list. */
function isRequired(schema: TObject, key: string): boolean {
  const list: unknown = Reflect.get(schema, "required");
  return Array.isArray(list) && list.includes(key);
}

const probe = [3, 4];
const probeNorm = 5;

/** @throws SwitchyardError DEVICE_WRONG_RESULT */
function compute(name: string, { tf, kernels }: Device): void {
  const expected = `${probeNorm}, the norm of [${probe.join(", ")}]`;
  let norm: number;
  try {
    norm = tf.tidy(() => kernels.globalNorm([tf.tensor1d(probe)]) + 0);
  } catch (cause) {
    throw wrongResult(name, { expected, received: messageOf(cause), cause });
  }
  if (!(Math.abs(norm - probeNorm) < 1e-3)) throw wrongResult(name, { expected, received: String(norm) });
}

function wrongResult(
  name: string,
  fields: { readonly expected: string; readonly received: string; readonly cause?: unknown },
): SwitchyardError {
  return new SwitchyardError("DEVICE_WRONG_RESULT", `The device ${name} opens, but does not compute what it should.`, {
    ...fields,
    next: "Choose another device, and report this to whoever made it.",
  });
}

function notOpened(name: string, timeoutMs: number): SwitchyardError {
  return new SwitchyardError("DEVICE_TIMEOUT", `The device ${name} did not open in time.`, {
    expected: `at most ${timeoutMs / 1000} s`,
    received: "no answer",
    next: "Choose another device, or look for what it waits for: a driver, a download, a lock.",
  });
}

function problemOf(error: unknown): DeviceProblem {
  if (!(error instanceof SwitchyardError)) return failureOf(error);
  const { code, summary, expected, received, next } = error;
  return {
    ...{ code, message: summary },
    ...(expected === undefined ? {} : { expected }),
    ...(received === undefined ? {} : { received }),
    ...(next === undefined ? {} : { next }),
  };
}
