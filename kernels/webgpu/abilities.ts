/**
 * What a device can do that not every device can. WGSL leaves open how the threads of a workgroup are dealt out to
 * subgroups; our programs take neighbours to be together, as every known driver has it. So that is looked at once, when the
 * device is opened, and where it is otherwise, programs do without subgroups.
 */
import type { GpuBackend } from "./contracts.ts";
import { withGpuMemory } from "./memory.ts";
import { defineProgram } from "./program.ts";

const threads = 256;

const probe = defineProgram({
  label: "probeSubgroups",
  buffers: { out_sizes: "out i32" },
  params: { size: "u32" },
  code: /* wgsl */ `
    @compute @workgroup_size(${threads})
    fn main(@builtin(local_invocation_index) lane: u32) {
      let size = subgroupAdd(1u);
      let place = subgroupExclusiveAdd(1u);
      let first = subgroupBroadcastFirst(lane);
      let is_first = subgroupElect();
      let is_in_line = first % size == 0u && first + place == lane && is_first == (place == 0u);
      out_sizes[lane] = i32(select(0u, size, is_in_line));
    }
  `,
});

/** Finds out what the backend's device can do, and lets programs use it. */
export function findAbilities(backend: GpuBackend): void {
  const { device } = backend;
  const hasFloat16 = device.features.has("shader-f16");
  backend.abilities = { leastSubgroup: 0, hasFloat16 };
  if (!device.features.has("subgroups")) return;
  // Younger than the types.
  const { adapterInfo } = device as unknown as { readonly adapterInfo: { readonly subgroupMinSize: number } };
  backend.abilities = { leastSubgroup: adapterInfo.subgroupMinSize, hasFloat16 };
  if (!isInLine(backend)) backend.abilities = { leastSubgroup: 0, hasFloat16 };
}

/** Whether neighbouring threads form the subgroups, all of one size. */
function isInLine(backend: GpuBackend): boolean {
  const sizes = withGpuMemory(backend, (memory) => {
    const out_sizes = memory.scratch(threads, "int32");
    memory.run(probe, { buffers: { out_sizes }, params: { size: threads }, groups: 1 });
    return [...(backend.readSync(out_sizes.dataId) as Int32Array)];
  });
  const [size = 0] = sizes;
  return size > 0 && sizes.every((other) => other === size);
}
