/** What the files of this room know of each other: tfjs' backend with what we add to it, its memory, checks and clock. */
import type * as tf from "@tensorflow/tfjs";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type { ValueCheck } from "../checks.ts";
import type { KernelError } from "../kernel-error.ts";
import type { GpuAbilities, GpuProgram } from "./program.ts";
import type { Operands } from "./tiled-product.ts";
import type { Tuning } from "./tuning.ts";

/** What the backend keeps of one buffer of data. */
export interface GpuRecord {
  readonly dtype: tf.DataType;
  readonly shape: number[];
  values: tf.backend_util.BackendValues | null | undefined;
  refCount: number;
  resource?: GPUBuffer | null;
}

/** Numbers of a tfjs program, as tfjs hands them over. */
export interface UniformField {
  readonly type: "float32" | "int32" | "uint32";
  readonly data: readonly number[];
}

/** Parts of tfjs' backend that its types keep private. */
export interface Internals {
  /** Products of at most so many tiles are split. */
  thresholdToIncreaseWorkgroups: number;
  commandEncoder: GPUCommandEncoder;
  computePassEncoder: GPUComputePassEncoder | null;
  dispatchCountInPass: number;
  commandQueueOwnedIds: WeakSet<object>;
  makeUniforms(fields: readonly UniformField[]): { offset: number; size: number; buffer: GPUBuffer };
  bufferManager: BufferManager;
  tensorMap: { get(dataId: object): GpuRecord; has(dataId: object): boolean };
}

export interface BufferManager {
  acquireBuffer(size: number, usage: number, mappedAtCreation?: boolean, reuse?: boolean): GPUBuffer;
  releaseBuffer(buffer: GPUBuffer, reuse?: boolean): void;
  readonly freeBuffers: Map<string, GPUBuffer[]>;
  numFreeBuffers: number;
  numBytesUsed: number;
  numBytesAllocated: number;
}

export type GpuBackend = Omit<WebGPUBackend, keyof Internals> &
  Internals & {
    /** What programs may use on this device. */
    abilities: GpuAbilities;
    /** Changes times and no results. */
    tuning: Tuning;
    /** In which numbers the grouped products of the forward pass multiply. */
    operands: Operands;
    /** A buffer that holds these bytes and is never written again. */
    uniformOf(bytes: ArrayBuffer): GPUBuffer;
    /** What is kept of a tensor's data. */
    record(tensor: tf.TensorInfo): GpuRecord;
    /** The compute pass that dispatches go into; a new one where none is open. */
    openPass(): GPUComputePassEncoder;
    /** To be called after each dispatch: submits once there are enough of them. */
    countDispatch(): void;
    /** Checks of values on the GPU, which are reported at the next reading. */
    readonly checks: DeferredChecks;
    /** Checks values later where they lie on the GPU. @returns False where they lie on the host. */
    checkLater(tensor: tf.Tensor, check: ValueCheck, where: string): boolean;
    /** Whether commands are recorded that are not submitted. */
    hasOpenEncoder(): boolean;
    /** Submits what is recorded. */
    flush(): void;
    /** Waits until all of that is computed, and reports to whoever measures. @throws KernelError */
    wait(): void;
    /** Starts the GPU's own clock; undefined where it has none. One at a time. */
    startClock(): GpuClock | undefined;
    /** What went wrong since the device was opened, if anything did. */
    failure(): KernelError | undefined;
  };

export interface Dispatch<Name extends string, Param extends string> {
  readonly buffers: Readonly<Record<Name, tf.TensorInfo>>;
  readonly params: Readonly<Record<Param, number>>;
  /** Workgroups: a count, to be read with `group_index`, or the size of the grid. */
  readonly groups: number | readonly [x: number, y: number, z: number];
}

export interface GpuMemory {
  readonly tuning: Tuning;
  readonly operands: Operands;
  /** A tensor of unspecified content, tracked by the current tidy. */
  allocate(shape: readonly number[], dtype: "float32" | "int32"): tf.Tensor;
  /** Memory of the kernel alone, released when it ends. */
  readonly scratch: (size: number, dtype: "float32" | "int32") => tf.TensorInfo;
  /** Records a program; it runs after everything that was recorded before. */
  run<Name extends string, Param extends string>(
    program: GpuProgram<Name, Param>,
    dispatch: Dispatch<Name, Param>,
  ): void;
  /**
   * The variable, ready to be updated in place. Where other tensors share its memory (a clone, a reshape), it first
   * moves into memory of its own, so nobody sees a change.
   */
  updated(variable: tf.Variable): tf.TensorInfo;
  /** Says that these indices stay below a limit, so that nobody needs to check them. */
  promise(indices: tf.TensorInfo, limit: number): void;
  /** What was made of a tensor once and lives as long as its data; `make` returns memory that is kept from then on. */
  attached(
    tensor: tf.TensorInfo,
    key: string,
    make: (keep: GpuMemory["scratch"]) => readonly tf.TensorInfo[],
  ): readonly tf.TensorInfo[];
}

export interface PendingNotes {
  readonly notes: tf.TensorInfo;
  /** Checks that were recorded so far. More may be while a tensor is on its way. */
  readonly made: number;
}
export interface DeferredChecks {
  /** Records a check, unless the same was made of the same data before. */
  check(memory: GpuMemory, tensor: tf.TensorInfo, check: ValueCheck, where: string): void;
  /** Says that a kernel made these indices and keeps them below a limit. */
  promise(tensor: tf.TensorInfo, limit: number): void;
  /** The notes, where a check was made that they were not read for. */
  pending(): PendingNotes | undefined;
  /**
   * @param notes As they were read. @param made As `pending` said.
   * @throws KernelError KERNEL_INDEX_RANGE, KERNEL_VALUE_RANGE
   */
  read(notes: Uint32Array, made: number): void;
}

export interface GpuClock {
  /** Runs a kernel; `onMs` is told at the next `report` how long the GPU was busy with it, without kernels inside it. */
  around<T>(work: () => T, onMs: (ms: number) => void): T;
  /** Waits for the GPU and tells all that was measured, inner kernels first. */
  report(): void;
  stop(): void;
}
