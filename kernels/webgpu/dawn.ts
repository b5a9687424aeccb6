/**
 * Dawn's Node binding (the npm package `webgpu`), and a way to wait for it without giving up the thread.
 *
 * WebGPU answers through promises alone, but a tensor library has `dataSync`, and code of a plugin may call it. Dawn's
 * binding works off its events in a callback that it hands to `setImmediate`. Here every call that starts such work is
 * made with a `setImmediate` that also remembers the callback: the event loop runs it as ever, or we run it ourselves,
 * again and again, until a buffer is mapped.
 */
import { KernelError } from "../kernel-error.ts";

/** What the package exports. */
interface DawnPackage {
  readonly create: (options: readonly string[]) => GPU;
  readonly globals: Readonly<Record<string, unknown>>;
}

export interface Dawn {
  /**
   * One for each list of options, for as long as the process lives: the binding takes an instance of Dawn apart when
   * its object is collected, whether or not a device is still in use.
   * @param options Dawn's own, such as "adapter=NVIDIA H100".
   */
  instance(options: readonly string[]): GPU;
}

/** How the package is loaded; a test passes one of its own. */
export type Importer = (specifier: string) => Promise<unknown>;

const packageName = "webgpu";
let loaded: DawnPackage | undefined;

/** @throws Whatever the import throws, where the package or its binary is missing. */
export async function loadDawn(
  importPackage: Importer = (specifier): Promise<unknown> => import(specifier),
): Promise<Dawn> {
  const dawn = (await importPackage(packageName)) as DawnPackage;
  if (loaded !== dawn) {
    // tfjs looks for GPUBuffer, GPUBufferUsage and others among the globals.
    Object.assign(globalThis, dawn.globals);
    watchMapAsync(dawn.globals["GPUBuffer"]);
    loaded = dawn;
  }
  return { instance: (options) => instanceOf(dawn, options) };
}

const instances = new Map<string, GPU>();

function instanceOf(dawn: DawnPackage, options: readonly string[]): GPU {
  const key = options.join(" ");
  let instance = instances.get(key);
  if (instance === undefined) {
    instance = withEvents(() => dawn.create(options));
    instances.set(key, instance);
  }
  return instance;
}

/** Callbacks in which Dawn works off its events, oldest first, with their places in the loop: one an instance at most. */
const queued = new Map<() => void, NodeJS.Immediate>();
let isWatching = false;

/** Runs a call of Dawn's that may queue work for the event loop. */
export function withEvents<T>(call: () => T): T {
  pollsOfCall = 0;
  return watching(call);
}

function watching<T>(call: () => T): T {
  if (isWatching) return call();
  const scope = globalThis as { setImmediate: unknown };
  const original = scope.setImmediate as (callback: () => void) => NodeJS.Immediate;
  scope.setImmediate = (callback: () => void): NodeJS.Immediate => {
    const run = (): void => {
      queued.delete(run);
      pauseBetweenPolls();
      watching(callback);
    };
    const place = original(run);
    queued.set(run, place);
    return place;
  };
  isWatching = true;
  try {
    return call();
  } finally {
    isWatching = false;
    scope.setImmediate = original;
  }
}

/** Works off events of all devices now. @returns Whether there was anything to wait for. */
function processEvents(): boolean {
  const now = [...queued];
  for (const [run, place] of now) {
    // Out of the loop: a wait polls thousands of times, and each would leave its callback there.
    clearImmediate(place);
    run();
  }
  return now.length > 0;
}

/** Polls at first without a pause, since most waits are short. Later ones leave the processor to a GPU in software. */
const pollsWithoutPause = 256;
const pauseMs = 0.05;
const sleeper = new Int32Array(new SharedArrayBuffer(4));
/** Since Dawn was last given work. */
let pollsOfCall = 0;

function pauseBetweenPolls(): void {
  pollsOfCall += 1;
  if (pollsOfCall > pollsWithoutPause) Atomics.wait(sleeper, 0, 0, pauseMs);
}

/** tfjs maps buffers too (its timers do). */
function watchMapAsync(bufferClass: unknown): void {
  const { prototype } = bufferClass as { prototype: { mapAsync: (...args: unknown[]) => Promise<undefined> } };
  const { mapAsync } = prototype;
  prototype.mapAsync = function (this: GPUBuffer, ...args) {
    return withEvents(() => mapAsync.apply(this, args));
  };
}

/**
 * Waits until a buffer can be read, without the event loop.
 * @returns False where it will never be: its device is lost.
 */
export function mapNow(buffer: GPUBuffer): boolean {
  // The promise rejects where the device is lost; the state says so too.
  buffer.mapAsync(GPUMapMode.READ).catch(() => undefined);
  while (buffer.mapState === "pending") {
    if (!processEvents()) throw noEvents();
  }
  return buffer.mapState === "mapped";
}

function noEvents(): KernelError {
  return new KernelError("DEVICE_LOST", "The GPU's answer cannot be waited for.", {
    where: "device webgpu",
    expected: "the package webgpu to queue its events with setImmediate, as version 0.6 does",
    received: "a buffer that is pending and no event",
    next: "Install the version of webgpu that package.json names.",
  });
}
