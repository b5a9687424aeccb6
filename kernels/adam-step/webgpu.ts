/**
 * The Adam step in WGSL, where the parameter and its moments lie. A decoder's gradient loses its part along each row in
 * the same pass.
 */
import { shareAlong } from "../decoder-norm/share-along.ts";
import { gpuVersion, type KernelVersion } from "../kernel-version.ts";
import { defineProgram, entryPoint } from "../webgpu/program.ts";
import { joinSums, rowThreads } from "../webgpu/joining.ts";
import { adamStepName, type AdamStepAttributes, type AdamStepInputs } from "./contract.ts";

const buffers = {
  gradient: "f32",
  gradient_scale: "f32",
  parameter: "out f32",
  first: "out f32",
  second: "out f32",
} as const;
const constants = { beta1: "f32", beta2: "f32", epsilon: "f32", stepSize: "f32", rootCorrection: "f32" } as const;
/** 1 - beta is taken in float64: in float32, 1 - 0.999 has four digits. */
const complements = { rest1: "f32", rest2: "f32" } as const;
const scaling = { isScaled: "u32" } as const;

const update = /* wgsl */ `
  fn scale_of_gradient() -> f32 {
    if (params.isScaled == 1u) { return gradient_scale[0]; }
    return 1.0;
  }

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
  params: { size: "u32", ...constants, ...complements, ...scaling },
  code: /* wgsl */ `
    ${update}

    ${entryPoint(256)} {
      let start = group_index(id, groups) * 1024u + lane;
      let scale = scale_of_gradient();
      for (var i = start; i < min(start + 1024u, params.size); i += 256u) { update(i, scale * gradient[i]); }
    }
  `,
});

const adamAcrossRows = defineProgram({
  label: "adamStepAcrossRows",
  buffers,
  params: { rows: "u32", width: "u32", ...constants, ...complements, ...scaling },
  uses: [joinSums],
  code: /* wgsl */ `
    ${update}
    ${shareAlong("gradient", "parameter")}

    ${entryPoint(rowThreads)} {
      let row = group_index(id, groups);
      if (row >= params.rows) { return; }
      let at = row * params.width;
      let share = share_along(lane, at, params.width);
      let scale = scale_of_gradient();
      for (var column = lane; column < params.width; column += ${rowThreads}u) {
        update(at + column, scale * (gradient[at + column] - share * parameter[at + column]));
      }
    }
  `,
});

export const adamStepWebGpu: readonly KernelVersion[] = [
  gpuVersion(adamStepName, (memory, inputs: AdamStepInputs, attrs: AdamStepAttributes) => {
    const { parameter, gradient, first, second, gradientScale } = inputs;
    const { acrossRows, ...numbers } = attrs;
    const bound = {
      ...{ gradient, gradient_scale: gradientScale ?? gradient },
      parameter: memory.updated(parameter),
      first: memory.updated(first),
      second: memory.updated(second),
    };
    const isScaled = gradientScale === undefined ? 0 : 1;
    const params = { ...numbers, isScaled, rest1: 1 - numbers.beta1, rest2: 1 - numbers.beta2 };
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
