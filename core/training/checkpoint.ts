/**
 * Checkpoints: everything that a run needs to go on to the same bits, in one safetensors file.
 *
 * Tensors: the parameters and buffers by their names, and the optimizer's state as `optimizer.<name>`. Metadata: format, version,
 * step, rows, seed and batch size. Data order and random streams are functions of seed and rows, so numbers suffice
 * for them. The file appears whole or not at all.
 */
import type * as tf from "@tensorflow/tfjs";
import { messageOf, SwitchyardError } from "../errors/switchyard-error.ts";
import { readSafetensors, readSafetensorsHeader, writeSafetensors } from "../data/safetensors.ts";
import type { FetchedTensor } from "../data/safetensors.ts";
import { overwrite } from "../model/create-parameters.ts";
import type { ParameterSet } from "../model/parameters.ts";
import { checkArchitecture, checkRun, everyValue, formatMetadata, parseMetadata } from "./checkpoint-checks.ts";
import type { CheckpointMetadata } from "./checkpoint-checks.ts";
import type { Optimizer } from "./contracts.ts";

/** A moment of training, ready to be written. */
export interface TrainingState extends CheckpointMetadata {
  readonly parameters: ParameterSet;
  readonly optimizer: Optimizer;
}

export interface StoredValue {
  readonly shape: readonly number[];
  /** Reads it from the file. @throws SwitchyardError CHECKPOINT_UNREADABLE, FILE_MISSING */
  read(): Promise<Float32Array>;
}

/** A checkpoint that was found to fit; its numbers are read when they are asked for, and held by nobody. */
export interface Checkpoint extends CheckpointMetadata {
  readonly parameters: ReadonlyMap<string, StoredValue>;
  readonly optimizerState: ReadonlyMap<string, StoredValue>;
}

/** What a checkpoint must fit. */
export interface CheckpointExpectation {
  readonly parameters: ParameterSet;
  /** Checked when given: resuming with other values would be another run. */
  readonly seed?: number;
  readonly batchSize?: number;
}

const optimizerPrefix = "optimizer.";

/** @throws SwitchyardError CHECKPOINT_DTYPE, DISK_FULL, FILE_UNWRITABLE; a file of that name is then as before. */
export async function saveCheckpoint(file: string, state: TrainingState): Promise<void> {
  const tensors = new Map<string, FetchedTensor>();
  const named: (readonly [string, tf.Tensor])[] = [
    ...everyValue(state.parameters).map(({ name, variable }) => [name, variable] as const),
    ...[...state.optimizer.state()].map(([name, tensor]) => [`${optimizerPrefix}${name}`, tensor] as const),
  ];
  for (const [name, tensor] of named) {
    if (tensor.dtype !== "float32") throw otherDtype(name, tensor.dtype);
    tensors.set(name, { shape: tensor.shape, dtype: "F32", fetch: () => tensor.data<"float32">() });
  }
  await writeSafetensors(file, tensors, formatMetadata(state));
}

/**
 * Reads a checkpoint and checks that it belongs to this model and, where told, to this run.
 * @throws SwitchyardError CHECKPOINT_UNREADABLE, CHECKPOINT_NOT_RECOGNISED, CHECKPOINT_OTHER_VERSION,
 *   CHECKPOINT_OTHER_ARCHITECTURE, CHECKPOINT_OTHER_RUN; FILE_MISSING when there is none.
 */
export async function loadCheckpoint(file: string, expected: CheckpointExpectation): Promise<Checkpoint> {
  const header = await readable(file, () => readSafetensorsHeader(file));
  const metadata = parseMetadata(file, header.metadata);
  const parameters = new Map<string, StoredValue>();
  const optimizerState = new Map<string, StoredValue>();
  for (const [name, { shape, dtype }] of header.tensors) {
    if (dtype !== "F32") continue;
    const value = { shape, read: () => readValue(file, name) };
    if (name.startsWith(optimizerPrefix)) optimizerState.set(name.slice(optimizerPrefix.length), value);
    else parameters.set(name, value);
  }
  checkArchitecture(file, expected.parameters, parameters);
  checkRun(file, expected, metadata);
  return { ...metadata, parameters, optimizerState };
}

/** Overwrites parameters and buffers by those of a checkpoint that `loadCheckpoint` accepted. */
export async function restoreParameters(
  tensorflow: typeof tf,
  parameters: ParameterSet,
  checkpoint: Checkpoint,
): Promise<void> {
  for (const { name, variable } of everyValue(parameters)) {
    const value = checkpoint.parameters.get(name);
    if (value === undefined) continue;
    const data = await value.read();
    tensorflow.tidy(() => {
      overwrite(tensorflow, variable, tensorflow.tensor(data, [...value.shape]));
    });
  }
}

/** @throws SwitchyardError OPTIMIZER_STATE_MISMATCH when another optimizer wrote it. */
export async function restoreOptimizer(
  tensorflow: typeof tf,
  optimizer: Optimizer,
  checkpoint: Checkpoint,
): Promise<void> {
  const state = new Map<string, tf.Tensor>();
  try {
    for (const [name, value] of checkpoint.optimizerState) {
      state.set(name, tensorflow.tensor(await value.read(), [...value.shape]));
    }
    optimizer.restore(state);
  } finally {
    tensorflow.dispose([...state.values()]);
  }
}

function otherDtype(name: string, dtype: string): SwitchyardError {
  return new SwitchyardError("CHECKPOINT_DTYPE", "A checkpoint holds float32 tensors only.", {
    where: name,
    expected: "float32",
    received: dtype,
    next: "Keep the optimizer's state in float32 tensors: a counter fits one as well.",
  });
}

async function readValue(file: string, name: string): Promise<Float32Array> {
  const { tensors } = await readable(file, () => readSafetensors(file, (stored) => stored === name));
  const data = tensors.get(name)?.data;
  if (data instanceof Float32Array) return data;
  throw otherDtype(name, "another type, or nothing: the file has changed");
}

async function readable<T>(file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof SwitchyardError && error.code === "FILE_MISSING") throw error;
    throw new SwitchyardError("CHECKPOINT_UNREADABLE", "The checkpoint cannot be read.", {
      where: file,
      expected: "a whole safetensors file",
      received: error instanceof SwitchyardError ? `${error.summary} [${error.code}]` : messageOf(error),
      next: "delete the file; the run then resumes from the checkpoint before it",
      cause: error,
    });
  }
}
