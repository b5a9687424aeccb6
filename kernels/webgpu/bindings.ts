/**
 * What a dispatch binds, made once where steps repeat. A step of training dispatches the same programs on the same
 * buffers as the step before, since buffers come from a pool; through Dawn's binding, making their bind groups and writing
 * their numbers again takes the host longer than recording the dispatches.
 */
import type { GpuBackend, UniformField } from "./contracts.ts";
import { createRecent } from "./recent.ts";

/** A few hundred are in use; some programs' numbers change with every step. */
const mostUniforms = 1024;
const mostBindGroups = 4096;

/** Makes a backend keep what its dispatches bind. */
export function keepBindings(backend: GpuBackend, device: GPUDevice): void {
  const uniforms = createRecent<GPUBuffer>(mostUniforms, (buffer) => {
    // It was last used a thousand dispatches ago at least, and all of those are submitted.
    buffer.destroy();
  });
  const bindGroups = createRecent<GPUBindGroup>(mostBindGroups);
  const createBindGroup = device.createBindGroup.bind(device);
  const createComputePipeline = device.createComputePipeline.bind(device);
  const numberOf = createNumbers();
  device.createBindGroup = (descriptor) => {
    const buffers = [...descriptor.entries].map(({ resource }) => (resource as GPUBufferBinding).buffer);
    const key = [descriptor.layout, ...buffers].map(numberOf).join(" ");
    return bindGroups.get(key, () => createBindGroup(descriptor));
  };
  device.createComputePipeline = (descriptor) => withOneLayout(createComputePipeline(descriptor));
  backend.uniformOf = (bytes) =>
    uniforms.get(textOf(bytes), () => {
      const buffer = device.createBuffer({
        size: bytes.byteLength,
        usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
      });
      device.queue.writeBuffer(buffer, 0, bytes);
      return buffer;
    });
  backend.makeUniforms = (fields) => {
    const bytes = packFields(fields);
    return { offset: 0, size: bytes.byteLength, buffer: backend.uniformOf(bytes) };
  };
}

/** Dawn makes another object of the same layout each time it is asked. */
function withOneLayout(pipeline: GPUComputePipeline): GPUComputePipeline {
  const getBindGroupLayout = pipeline.getBindGroupLayout.bind(pipeline);
  const layouts = new Map<number, GPUBindGroupLayout>();
  pipeline.getBindGroupLayout = (index) => {
    const layout = layouts.get(index) ?? getBindGroupLayout(index);
    layouts.set(index, layout);
    return layout;
  };
  return pipeline;
}

/** A number for every object, as long as it lives. */
function createNumbers(): (object: object) => number {
  const numbers = new WeakMap<object, number>();
  let next = 0;
  return (object) => {
    let number = numbers.get(object);
    if (number === undefined) {
      number = next++;
      numbers.set(object, number);
    }
    return number;
  };
}

/** The bytes, two a character. */
function textOf(bytes: ArrayBuffer): string {
  return String.fromCharCode(...new Uint16Array(bytes));
}

/**
 * The fields of a WGSL struct as tfjs' programs declare it: numbers and vectors of up to four; five and six are declared
 * as structs of their own, which are aligned like a vector of four, as is what follows them.
 */
export function packFields(fields: readonly UniformField[]): ArrayBuffer {
  let end = 0;
  let largest = 4;
  let follows = 0;
  const places = fields.map(({ data }) => {
    // tfjs declares a scalar's shape and strides as one number.
    const count = Math.max(1, data.length);
    const own = count === 1 ? 4 : count === 2 ? 8 : 16;
    const alignment = follows > 4 ? 16 : own;
    follows = count;
    largest = Math.max(largest, alignment);
    const start = Math.ceil(end / alignment) * alignment;
    end = start + 4 * count;
    return start;
  });
  const view = new DataView(new ArrayBuffer(Math.ceil(end / largest) * largest));
  for (const [i, { type, data }] of fields.entries()) {
    for (const [j, value] of (data.length === 0 ? [1] : data).entries()) {
      const at = (places[i] ?? 0) + 4 * j;
      if (type === "float32") view.setFloat32(at, value, true);
      else if (type === "int32") view.setInt32(at, value, true);
      else view.setUint32(at, value, true);
    }
  }
  return view.buffer;
}
