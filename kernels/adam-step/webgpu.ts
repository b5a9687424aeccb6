/**
 * The Adam step in WGSL, where the parameter and its moments lie. A decoder's gradient loses its part along each row in
 * the same pass.
 */
import { shareAlong } from "../decoder-norm/share-along.ts";
import { gpuVersion, type KernelVersion } from "../kernel-version.ts";
import { defineProgram, entryPoint } from "../webgpu/program.ts";
import { joinSums, rowThreads } from "../webgpu/joining.ts";
import { adamStepName, type AdamStepAttributes, type AdamStepInputs } from "./contract.ts";

const buffers = { gradient: "f32", parameter: "out f32", first: "out f32", second: "out f32" } as const;
const constants = { beta1: "f32", beta2: "f32", epsilon: "f32", stepSize: "f32", rootCorrection: "f32" } as const;
/** 1 - beta is taken in float64: in float32, 1 - 0.999 has four digits. */
const complements = { rest1: "f32", rest2: "f32" } as const;

const update = /* wgsl */ `
  fn update(i: u32, g: f32) {
    let m = params.beta1 * first[i] + params.rest1 * g;
    let v = params.beta2 * second[i] + params.rest2 * g * g;
    first[i] = m;
    second[i] = v;
    parameter[i] -= params.stepSize * m / (sqrt(v) * params.rootCorrection + params.epsilon);
  }
`;

const adamEach = defineProgram({
  label: "adamStep",
  buffers,
  params: { size: "u32", ...constants, ...complements },
  code: /* wgsl */ `
    ${update}

    ${entryPoint(256)} {
      let start = group_index(id, groups) * 1024u + lane;
      for (var i = start; i < min(start + 1024u, params.size); i += 256u) { update(i, gradient[i]); }
    }
  `,
});

const adamAcrossRows = defineProgram({
  label: "adamStepAcrossRows",
  buffers,
  params: { rows: "u32", width: "u32", ...constants, ...complements },
  uses: [joinSums],
  code: /* wgsl */ `
    ${update}
    ${shareAlong("gradient", "parameter")}

    ${entryPoint(rowThreads)} {
      let row = group_index(id, groups);
      if (row >= params.rows) { return; }
      let at = row * params.width;
      let share = share_along(lane, at, params.width);
      for (var column = lane; column < params.width; column += ${rowThreads}u) {
        update(at + column, gradient[at + column] - share * parameter[at + column]);
      }
    }
  `,
});

export const adamStepWebGpu: readonly KernelVersion[] = [
  gpuVersion(adamStepName, (memory, inputs: AdamStepInputs, attrs: AdamStepAttributes) => {
    const { parameter, gradient, first, second } = inputs;
    const { acrossRows, ...numbers } = attrs;
    const bound = {
      gradient,
      parameter: memory.updated(parameter),
      first: memory.updated(first),
      second: memory.updated(second),
    };
    const params = { ...numbers, rest1: 1 - numbers.beta1, rest2: 1 - numbers.beta2 };
    if (acrossRows === 1) {
      const [rows = 1, width = 1] = parameter.shape;
      memory.run(adamAcrossRows, { buffers: bound, params: { rows, width, ...params }, groups: rows });
    } else {
      const { size } = parameter;
      memory.run(adamEach, { buffers: bound, params: { size, ...params }, groups: Math.ceil(size / 1024) });
    }
    return [];
  }),
];
