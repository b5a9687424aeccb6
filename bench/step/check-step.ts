/** Trains a reduced problem for two steps on a device and by the float64 definition, and says how far they are apart. */
import type { SparseAutoencoder } from "../../core/model/sparse-autoencoder.ts";
import type { Device } from "../../kernels/devices/device.ts";
import { CheckFailed } from "../program.ts";
import { makeBatches } from "./batches.ts";
import { faultsOf, traceErrors, type Tolerances, type TraceErrors } from "./compare.ts";
import { measureSteps } from "./measure-steps.ts";
import { createRecipe } from "./recipe.ts";
import { createReferenceTraining } from "./reference-step.ts";
import { formatSize, reducedSize, type StepSize } from "./size.ts";

/** A second step meets moments that are not zero, and decoder rows that have left the unit sphere. */
const steps = 2;
const tolerances: Tolerances = { loss: 1e-5, gradientNorm: 1e-5, change: 1e-4 };

/** @throws CheckFailed when the device's step is not the recipe's. */
export async function checkStep(device: Device, size: StepSize): Promise<TraceErrors> {
  const reduced = reducedSize(size);
  const errors = await stepErrors(device, reduced);
  const faults = faultsOf(errors, tolerances);
  if (faults.length === 0) return errors;
  throw new CheckFailed(
    `The step of ${device.description} at ${formatSize(reduced)} is not that of float64: ${faults.join("; ")}`,
  );
}

async function stepErrors(device: Device, size: StepSize): Promise<TraceErrors> {
  const batches = await makeBatches(size, steps);
  const recipe = createRecipe(device, size);
  const reference = createReferenceTraining(size, readParameters(recipe.model), batches[0] ?? new Float32Array());
  const start = reference.parameters();
  const expected = batches.map((batch_BD) => reference.step(batch_BD));
  const measured = await measureSteps({ recipe, size, batches, steps });
  const parameters = readParameters(recipe.model);
  recipe.dispose();
  return traceErrors(
    {
      losses: measured.map(({ loss }) => loss),
      gradientNorms: measured.map(({ gradientNorm }) => gradientNorm),
      parameters,
    },
    {
      losses: expected.map(({ loss }) => loss),
      gradientNorms: expected.map(({ gradientNorm }) => gradientNorm),
      parameters: reference.parameters(),
    },
    start,
  );
}

/** Copies of all parameters by name. */
export function readParameters(model: SparseAutoencoder): ReadonlyMap<string, Float32Array> {
  return new Map(model.parameters.all.map(({ name, variable }) => [name, variable.dataSync<"float32">().slice()]));
}
