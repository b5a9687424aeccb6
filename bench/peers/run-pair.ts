/**
 * Trains one peer and Switchyard on the same data from the same parameters, a step of one and a step of the other in
 * turn, so that both meet the machine in the same state. After the first steps, both must have become the same model; what
 * follows is timed.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { readSafetensors, writeSafetensors } from "../../core/data/safetensors.ts";
import { geometricMedian } from "../../core/model/geometric-median.ts";
import type { SparseAutoencoder } from "../../core/model/sparse-autoencoder.ts";
import type { Device } from "../../kernels/devices/device.ts";
import type { MachineRates } from "../machine.ts";
import { CheckFailed } from "../program.ts";
import type { PeerDevice } from "../python/facts.ts";
import { startPython, tunedEnvironment, type PythonProcess } from "../python/process.ts";
import { makeBatches } from "../step/batches.ts";
import { readParameters } from "../step/check-step.ts";
import { faultsOf, traceErrors, type Tolerances, type TraceErrors, type TrainingTrace } from "../step/compare.ts";
import { measureSteps, type MeasuredStep } from "../step/measure-steps.ts";
import { createRecipe, learningRateFor, type Recipe } from "../step/recipe.ts";
import { formatSize } from "../step/size.ts";
import type { PlannedPair } from "./options.ts";
import type { PairRun } from "./result.ts";

export interface PairInput extends PlannedPair {
  readonly device: Device;
  /** The Python that runs the peer. */
  readonly interpreter: string;
  readonly peerDevice: PeerDevice;
  readonly threads: number;
  /** Steps of each that are timed. */
  readonly steps: number;
}

/** Steps that are compared and not timed. More than one: Adam's first hardly depends on the size of a gradient. */
const warmups = 3;
const numBatches = 4;
/** Between the sides: PyTorch's idle threads stay awake for a while after a step. Those of a GPU do not. */
const pauseMs: Readonly<Record<PeerDevice, number>> = { cpu: 300, cuda: 0 };
/** Whatever the environment of this process says, a GPU multiplies in float32. */
const withoutTf32: NodeJS.ProcessEnv = { NVIDIA_TF32_OVERRIDE: "0" };

/**
 * Both compute in float32 and add in different orders. PyTorch adds up the squares of a whole gradient in float32 too,
 * which at 19 million numbers is off by a thousandth, and so are the norm and with it the clipping.
 */
const tolerances: Tolerances = { loss: 1e-4, gradientNorm: 5e-3, change: 1e-3 };

type Parameters = ReadonlyMap<string, Float32Array>;

interface PeerStep {
  readonly loss: number;
  readonly gradientNorm: number;
  readonly stepMs: number;
}

/** What the peer says of itself. */
export interface PeerFacts {
  readonly torch: unknown;
  /** Of PyTorch's own product and stream. */
  readonly peerRates: MachineRates;
}

/** @throws CheckFailed when both are not the same training. */
export async function runPair(input: PairInput): Promise<PairRun & PeerFacts> {
  const { device, interpreter, peer, peerDevice, size, threads } = input;
  const folder = await mkdtemp(join(tmpdir(), "switchyard-peers-"));
  const environment = { ...(peer.startsWith("tuned") ? tunedEnvironment : {}), ...withoutTf32 };
  const python = startPython(interpreter, "peers/peer.py", [peer, String(threads), peerDevice], environment);
  try {
    const batches = await makeBatches(size, numBatches);
    const recipe = createRecipe(device, size);
    const start = startOf(recipe.model, batches[0] ?? new Float32Array());
    await hand(folder, { model: recipe.model, start, batches });
    const learningRate = learningRateFor(size);
    const torch = await python.call("start", { folder, k: size.K, learning_rate: learningRate });
    const run = await trainInTurn(input, { recipe, batches, python, start, folder });
    recipe.dispose();
    return { ...run, torch, peerRates: (await python.call("rates")) as MachineRates };
  } finally {
    await python.end();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Setting {
  readonly recipe: Recipe;
  readonly batches: readonly Float32Array[];
  readonly python: PythonProcess;
  readonly start: Parameters;
  readonly folder: string;
}

async function trainInTurn({ peer, peerDevice, size, steps }: PairInput, setting: Setting): Promise<PairRun> {
  const { recipe, batches, python } = setting;
  const theirs: PeerStep[] = [];
  let errors: TraceErrors = {};
  const before = async (ours: readonly MeasuredStep[]): Promise<void> => {
    if (ours.length === warmups) errors = await checkFirstSteps(setting, ours, theirs);
    theirs.push((await python.call("step", { index: ours.length })) as PeerStep);
    await setTimeout(pauseMs[peerDevice]);
  };
  const ours = await measureSteps({ recipe, size, batches, steps: warmups + steps, before });
  const timed = (all: readonly { readonly stepMs: number }[]): readonly number[] =>
    all.slice(warmups).map(({ stepMs }) => stepMs);
  return { peer, size, errors, peerMs: timed(theirs), oursMs: timed(ours) };
}

async function checkFirstSteps(
  { recipe, python, start, folder }: Setting,
  ours: readonly MeasuredStep[],
  theirs: readonly PeerStep[],
): Promise<TraceErrors> {
  const file = join(folder, "first-steps.safetensors");
  await python.call("save", { file });
  const { tensors } = await readSafetensors(file);
  const parameters = new Map([...tensors].map(([name, { data }]) => [name, Float32Array.from(data, Number)]));
  await rm(file);
  const errors = traceErrors(traceOf(ours, readParameters(recipe.model)), traceOf(theirs, parameters), start);
  const faults = faultsOf(errors, tolerances);
  if (faults.length === 0) return errors;
  const { shape } = recipe.model;
  throw new CheckFailed(`The first steps with E=${shape.experts} differ from PyTorch's: ${faults.join("; ")}`);
}

function traceOf(
  steps: readonly { readonly loss: number; readonly gradientNorm: number }[],
  parameters: Parameters,
): TrainingTrace {
  return {
    losses: steps.map(({ loss }) => loss),
    gradientNorms: steps.map(({ gradientNorm }) => gradientNorm),
    parameters,
  };
}

/** Initial parameters by name, with the biases where training starts them: at the first batch's geometric median. */
function startOf(model: SparseAutoencoder, firstBatch_BD: Float32Array): Parameters {
  const median_D = geometricMedian(firstBatch_BD, model.shape.width);
  const own = readParameters(model);
  return new Map([...own].map(([name, values]) => [name, name.endsWith("_bias") ? median_D : values]));
}

/** Writes what the peer starts from. */
async function hand(
  folder: string,
  given: {
    readonly model: SparseAutoencoder;
    readonly start: Parameters;
    readonly batches: readonly Float32Array[];
  },
): Promise<void> {
  const { model, start, batches } = given;
  const parameters = [...start].map(
    ([name, data]) => [name, { shape: model.parameters.get(name).shape, data }] as const,
  );
  await writeSafetensors(join(folder, "start.safetensors"), new Map(parameters));
  const width = model.shape.width;
  const rows = batches.map((data, i) => [String(i), { shape: [data.length / width, width], data }] as const);
  await writeSafetensors(join(folder, "batches.safetensors"), new Map(rows));
}

export function formatPair({ peer, size }: PlannedPair): string {
  return `${peer} against Switchyard, ${formatSize(size)}`;
}
