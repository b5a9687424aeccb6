/**
 * Tensors of the webgpu device as buffers, for the kernels: outputs and scratch memory from tfjs' pool, variables that
 * are updated where they lie, and the dispatch of programs into tfjs' command encoder, in whose order everything runs.
 */
import * as tf from "@tensorflow/tfjs";
import type { Dispatch, GpuBackend, GpuMemory, GpuRecord } from "./contracts.ts";
import { defineProgram, entryPoint, type GpuProgram, gridOf, packParams, wgslOf } from "./program.ts";

/** @param backend The webgpu device's, as tfjs hands it to a kernel. @throws TypeError for another device's */
export function gpuBackendOf(backend: object): GpuBackend {
  if (isGpuBackend(backend)) return backend;
  throw new TypeError("Kernels in WGSL are registered on a backend that is not that of the webgpu device.");
}

function isGpuBackend(backend: object): backend is GpuBackend {
  return "openPass" in backend && "checks" in backend;
}

/** Runs `work` with the memory of a backend; scratch memory is released at the end. */
export function withGpuMemory<T>(backend: GpuBackend, work: (memory: GpuMemory) => T): T {
  const scratch: tf.TensorInfo[] = [];
  try {
    return work(createGpuMemory(backend, scratch));
  } finally {
    for (const { dataId } of scratch) backend.disposeData(dataId);
  }
}

interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

const pipelines = new WeakMap<GPUDevice, Map<GpuProgram, Pipeline>>();
const attachments = new WeakMap<GpuRecord, Map<string, readonly tf.TensorInfo[]>>();

/** Called when a tensor's data is gone. */
export function releaseAttached(backend: GpuBackend, record: GpuRecord): void {
  const attached = attachments.get(record);
  if (attached === undefined) return;
  attachments.delete(record);
  for (const list of attached.values()) for (const { dataId } of list) backend.disposeData(dataId);
}

function createGpuMemory(backend: GpuBackend, scratch: tf.TensorInfo[]): GpuMemory {
  const make = (size: number, dtype: "float32" | "int32"): tf.TensorInfo => backend.makeTensorInfo([size], dtype);
  const memory: GpuMemory = {
    tuning: backend.tuning,
    operands: backend.operands,
    allocate: (shape, dtype) =>
      tf.engine().makeTensorFromTensorInfo(backend.makeTensorInfo([...shape], dtype), backend),
    scratch: (size, dtype) => {
      const made = make(size, dtype);
      scratch.push(made);
      return made;
    },
    run: (program, dispatch) => {
      record(backend, program, { ...dispatch, buffers: inFloats(memory, backend, program, dispatch.buffers) });
    },
    updated: (variable) => {
      const { refCount, dtype } = backend.record(variable);
      if (refCount > 1 || dtype !== "float32") {
        const own = tf.tidy(() => copyOf(memory, backend, variable));
        variable.assign(own);
        own.dispose();
      }
      return variable;
    },
    promise: (indices, limit) => {
      backend.checks.promise(indices, limit);
    },
    attached: (tensor, key, compute) => {
      const owner = backend.record(tensor);
      const known = attachments.get(owner) ?? new Map<string, readonly tf.TensorInfo[]>();
      attachments.set(owner, known);
      let found = known.get(key);
      if (found === undefined) {
        found = compute(make);
        known.set(key, found);
      }
      return found;
    },
  };
  return memory;
}

/** A copy in fresh memory that outlives the tidy. */
function copyOf(memory: GpuMemory, backend: GpuBackend, tensor: tf.Tensor): tf.Tensor {
  const copy = memory.allocate(tensor.shape, "float32");
  if (backend.record(tensor).dtype !== "float32") {
    convert(memory, tensor, copy);
    return tf.keep(copy);
  }
  const [from, to] = [bufferOf(backend, tensor), bufferOf(backend, copy)];
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  backend.commandEncoder.copyBufferToBuffer(from, 0, to, 0, 4 * tensor.size);
  for (const { dataId } of [tensor, copy]) backend.commandQueueOwnedIds.add(dataId);
  return tf.keep(copy);
}

const toFloats = defineProgram({
  label: "toFloats",
  buffers: { numbers: "i32", out_floats: "out f32" },
  params: { size: "u32" },
  code: /* wgsl */ `
    ${entryPoint(256)} {
      let i = group_index(id, groups) * 256u + lane;
      if (i < params.size) { out_floats[i] = f32(numbers[i]); }
    }
  `,
});

function convert(memory: GpuMemory, numbers: tf.TensorInfo, out_floats: tf.TensorInfo): void {
  const size = tf.util.sizeFromShape(numbers.shape);
  memory.run(toFloats, { buffers: { numbers, out_floats }, params: { size }, groups: Math.ceil(size / 256) });
}

/** tfjs casts whole numbers to float32 in name alone; a program that wants floats would read their bits. */
function inFloats<Name extends string>(
  memory: GpuMemory,
  backend: GpuBackend,
  program: GpuProgram<Name>,
  buffers: Readonly<Record<Name, tf.TensorInfo>>,
): Readonly<Record<Name, tf.TensorInfo>> {
  const found: Record<Name, tf.TensorInfo> = { ...buffers };
  for (const name of Object.keys(program.buffers) as Name[]) {
    if (program.buffers[name] !== "f32" || backend.record(buffers[name]).dtype === "float32") continue;
    const floats = memory.scratch(tf.util.sizeFromShape(buffers[name].shape), "float32");
    convert(memory, buffers[name], floats);
    found[name] = floats;
  }
  return found;
}

/** The tensor's memory on the GPU; uploads it first where it lies on the host. */
export function bufferOf(backend: GpuBackend, tensor: tf.TensorInfo): GPUBuffer {
  backend.uploadToGPU(tensor.dataId);
  return backend.record(tensor).resource as GPUBuffer;
}

function record<Name extends string, Param extends string>(
  backend: GpuBackend,
  program: GpuProgram<Name, Param>,
  { buffers, params, groups }: Dispatch<Name, Param>,
): void {
  const { device } = backend;
  const names = Object.keys(program.buffers) as Name[];
  const bound = names.map((name) => bufferOf(backend, buffers[name]));
  const uniform = backend.uniformOf(packParams(program, params));
  const { pipeline, layout } = pipelineOf(backend, program);
  const entries = [...bound, uniform].map((buffer, binding) => ({ binding, resource: { buffer } }));
  const bindGroup = device.createBindGroup({ layout, entries });
  const [x, y, z] = typeof groups === "number" ? gridOf(groups) : groups;
  for (const name of names) backend.commandQueueOwnedIds.add(buffers[name].dataId);
  const pass = backend.openPass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(x, y, z);
  backend.countDispatch();
}

function pipelineOf({ device, abilities }: GpuBackend, program: GpuProgram): Pipeline {
  const known = pipelines.get(device) ?? new Map<GpuProgram, Pipeline>();
  pipelines.set(device, known);
  let found = known.get(program);
  if (found === undefined) {
    const { label } = program;
    const module = device.createShaderModule({ label, code: wgslOf(program, abilities) });
    const layout = device.createBindGroupLayout({ label, entries: bindingsOf(program) });
    const pipelineLayout = device.createPipelineLayout({ label, bindGroupLayouts: [layout] });
    const pipeline = device.createComputePipeline({
      ...{ label, layout: pipelineLayout },
      compute: { module, entryPoint: "main" },
    });
    found = { pipeline, layout };
    known.set(program, found);
  }
  return found;
}

/** Said outright: a layout that Dawn derives would lack what a program declares and does not read. */
function bindingsOf({ buffers }: GpuProgram): GPUBindGroupLayoutEntry[] {
  const types = Object.values(buffers).map((type) => (type.startsWith("out ") ? "storage" : "read-only-storage"));
  return [...types, "uniform" as const].map((type, binding) => ({
    binding,
    visibility: GPUShaderStage.COMPUTE,
    buffer: { type },
  }));
}
