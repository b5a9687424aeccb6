/**
 * The GPU's own clock: how long each kernel's programs ran, by timestamp queries at the ends of their compute passes.
 * While the clock runs, a kernel begins and ends a pass, so that no two share one.
 */ import type { GpuBackend, GpuClock } from "./contracts.ts";

/** Passes of one set of queries: two queries each, and a set holds 4,096. */
const passesOfSet = 2048;

interface Measured {
  readonly onMs: (ms: number) => void;
  /** Numbers of its passes. */
  readonly passes: number[];
}

/** @param readBytes Reads a buffer after everything that was recorded. @returns undefined where the GPU has no clock. */
export function startClock(backend: GpuBackend, readBytes: (source: GPUBuffer) => ArrayBuffer): GpuClock | undefined {
  const { device } = backend;
  if (!device.features.has("timestamp-query")) return undefined;
  const sets: GPUQuerySet[] = [];
  const open: Measured[] = [];
  let finished: Measured[] = [];
  let numPasses = 0;
  const createEncoder = device.createCommandEncoder.bind(device);
  const nextPass = (): GPUComputePassTimestampWrites => {
    const [set, within] = [Math.floor(numPasses / passesOfSet), numPasses % passesOfSet];
    sets[set] ??= device.createQuerySet({ type: "timestamp", count: 2 * passesOfSet });
    open.at(-1)?.passes.push(numPasses);
    numPasses += 1;
    return {
      querySet: sets[set],
      beginningOfPassWriteIndex: 2 * within,
      endOfPassWriteIndex: 2 * within + 1,
    };
  };
  device.createCommandEncoder = (descriptor) => {
    const encoder = createEncoder(descriptor);
    const begin = encoder.beginComputePass.bind(encoder);
    encoder.beginComputePass = (pass) => begin({ ...pass, timestampWrites: nextPass() });
    return encoder;
  };
  // An encoder that is open already has no timestamps.
  if (backend.hasOpenEncoder()) backend.flush();
  const readTimes = (): BigUint64Array => {
    const bytes = 16 * passesOfSet * sets.length;
    const usage = GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC;
    const resolved = device.createBuffer({ size: bytes, usage });
    backend.endComputePassEncoder();
    backend.ensureCommandEncoderReady();
    for (const [i, set] of sets.entries()) {
      backend.commandEncoder.resolveQuerySet(set, 0, 2 * passesOfSet, resolved, 16 * passesOfSet * i);
    }
    const times = new BigUint64Array(readBytes(resolved));
    resolved.destroy();
    return times;
  };
  return {
    around: (work, onMs) => {
      const measured: Measured = { onMs, passes: [] };
      backend.endComputePassEncoder();
      open.push(measured);
      try {
        return work();
      } finally {
        backend.endComputePassEncoder();
        open.pop();
        finished.push(measured);
      }
    },
    report: () => {
      if (numPasses > 0) {
        const times = readTimes();
        for (const { onMs, passes } of finished) onMs(passes.reduce((sum, pass) => sum + durationMs(times, pass), 0));
      } else {
        for (const { onMs } of finished) onMs(0);
      }
      finished = [];
      numPasses = 0;
    },
    stop: () => {
      device.createCommandEncoder = createEncoder;
      if (backend.hasOpenEncoder()) backend.flush();
      for (const set of sets) set.destroy();
    },
  };
}

/** Clocks of GPUs may step back by a tick between passes. */
function durationMs(times: BigUint64Array, pass: number): number {
  const [begin = 0n, end = 0n] = [times[2 * pass], times[2 * pass + 1]];
  return Math.max(0, Number(end - begin)) / 1e6;
}
