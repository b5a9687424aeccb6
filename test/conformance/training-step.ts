/** One forward and backward pass of a whole autoencoder around a router and an expert: everything must stay finite. */
import type { Expert, ModelShape, Router, TrainingMoment } from "../../core/model/contracts.ts";
import { createSparseAutoencoder } from "../../core/model/create-sparse-autoencoder.ts";
import { createRng } from "../../core/model/rng.ts";
import type { Device } from "../../kernels/devices/device.ts";
import { expect, expectFinite, expectShape } from "./conformance-case.ts";
import { normals } from "./workbench.ts";

export interface TrainingStepInput {
  readonly device: Device;
  readonly shape: ModelShape;
  readonly router: Router;
  readonly expert: Expert;
  /** B; with fewer rows than experts, some experts see none. */
  readonly rows: number;
  readonly training?: TrainingMoment | undefined;
}

export async function trainingStep(input: TrainingStepInput): Promise<void> {
  const { device, shape, router, expert, rows, training } = input;
  const { tf, kernels } = device;
  const rng = createRng(5);
  const model = createSparseAutoencoder({
    tf,
    kernels,
    shape,
    router,
    expert,
    rng,
    config: {
      encoderBias: true,
      subtractDecoderBias: true,
      initialisation: "uniform",
      decoderNorm: 1,
      decoderBias: "zeros",
    },
  });
  const acts_BD = tf.tensor2d(normals(rng.stream("rows"), rows * shape.width), [rows, shape.width]);
  const variables = model.parameters.all.map(({ variable }) => variable);
  const { value, grads } = tf.variableGrads(() => {
    const { reconstruction_BD } = model.forward(acts_BD, training);
    expectShape("the reconstruction", reconstruction_BD.shape, [rows, shape.width]);
    return tf.mean(tf.square(tf.sub(reconstruction_BD, acts_BD))).asScalar();
  }, variables);
  try {
    expectFinite("the error", await value.data());
    for (const { name, variable } of model.parameters.all) {
      const gradient = grads[variable.name];
      if (gradient !== undefined) expectFinite(`gradient of ${name} with ${rows} rows`, await gradient.data());
    }
    const decoder = grads[model.parameters.get("decoder").name];
    expect(decoder !== undefined, "the decoder's gradient", "one", "none: the code does not reach the reconstruction");
  } finally {
    tf.dispose([value, grads, acts_BD]);
    model.parameters.dispose();
  }
}
