/**
 * A program of the GPU: WGSL with its bindings declared as data, so that the text of a kernel holds the kernel alone.
 * Pipelines are compiled once a device and text.
 */

/** The type of a binding's elements, as WGSL writes it. */
export type Element = "f32" | "i32" | "u32" | "atomic<u32>";

/** What not every device can do, as far as programs differ by it. */
export interface GpuAbilities {
  /** Threads of a subgroup, at least; 0 where programs must do without. */
  readonly leastSubgroup: number;
  /** Whether WGSL has the type f16. */
  readonly hasFloat16: boolean;
}

/** Declarations that several programs need: helpers, whose text may differ with what a device can do. */
export type Snippet = (gpu: GpuAbilities) => string;

export interface GpuProgram<Name extends string = string, Param extends string = string> {
  /** In profiles and in Dawn's messages. */
  readonly label: string;
  /** Storage buffers by name, in the order of their bindings. `out` may be written. */
  readonly buffers: Readonly<Record<Name, Element | `out ${Element}`>>;
  /** Numbers of the struct `params`. */
  readonly params: Readonly<Record<Param, "u32" | "f32">>;
  /** Helpers that the code calls. */
  readonly uses?: readonly Snippet[];
  /** WGSL with an entry point `main`. */
  readonly code: string;
}

/** Keeps the names as types. */
export function defineProgram<const Name extends string, const Param extends string>(
  program: GpuProgram<Name, Param>,
): GpuProgram<Name, Param> {
  return program;
}

/** One program for each choice of what its text depends on, made when it is first asked for. */
export function inVariants<Choice extends readonly (string | number)[], Program>(
  define: (...choice: Choice) => Program,
): (...choice: Choice) => Program {
  const made = new Map<string, Program>();
  return (...choice) => {
    const key = choice.join(" ");
    const program = made.get(key) ?? define(...choice);
    made.set(key, program);
    return program;
  };
}

/** The largest number of workgroups along one axis that every device has. */
export const mostGroups = 65535;

/**
 * The head of `main` in a program whose workgroups lie along one axis: `lane` is the thread within its workgroup, and
 * `group_index(id, groups)` which workgroup it is.
 */
export function entryPoint(threads: number): string {
  return /* wgsl */ `
    @compute @workgroup_size(${threads})
    fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u,
            @builtin(local_invocation_index) lane: u32)`;
}

/** Helpers of every program. */
const prelude = /* wgsl */ `
/// Which workgroup this is, of a count that may exceed what one axis holds.
fn group_index(id: vec3u, count: vec3u) -> u32 { return id.y * count.x + id.x; }
`;

/** The whole text. */
export function wgslOf({ buffers, params, uses = [], code }: GpuProgram, gpu: GpuAbilities): string {
  const declared = Object.entries(buffers).map(([name, type], binding) => {
    const isOut = type.startsWith("out ");
    const access = isOut ? "read_write" : "read";
    return `@group(0) @binding(${binding}) var<storage, ${access}> ${name}: array<${isOut ? type.slice(4) : type}>;`;
  });
  const fields = Object.entries(params).map(([name, type]) => `${name}: ${type}`);
  return [
    ...(gpu.leastSubgroup > 0 ? ["enable subgroups;"] : []),
    ...(gpu.hasFloat16 ? ["enable f16;"] : []),
    ...declared,
    `struct Params { ${fields.join(", ")} }`,
    `@group(0) @binding(${declared.length}) var<uniform> params: Params;`,
    prelude,
    ...uses.map((snippet) => snippet(gpu)),
    code,
  ].join("\n");
}

/** The numbers of `params` as bytes. A uniform buffer wants a multiple of 16. */
export function packParams(program: GpuProgram, values: Readonly<Record<string, number>>): ArrayBuffer {
  const entries = Object.entries(program.params);
  const view = new DataView(new ArrayBuffer(Math.ceil(entries.length / 4) * 16));
  for (const [i, [name, type]] of entries.entries()) {
    const value = values[name] ?? Number.NaN;
    if (type === "f32") view.setFloat32(4 * i, value, true);
    else view.setUint32(4 * i, value, true);
  }
  return view.buffer;
}

/** A grid of at least `count` workgroups. @see group_index in the prelude */
export function gridOf(count: number): readonly [x: number, y: number, z: number] {
  const x = Math.min(count, mostGroups);
  return [x, Math.ceil(count / x), 1];
}
