/** Whether a checkpoint is one, of this version, of this architecture, of this run. */
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type { Parameter, ParameterSet } from "../model/parameters.ts";

export interface CheckpointMetadata {
  /** Finished steps. */
  readonly step: number;
  /** Training rows consumed: where the data goes on. */
  readonly rows: number;
  readonly seed: number;
  readonly batchSize: number;
}

interface Shaped {
  readonly shape: readonly number[];
}

/** @throws SwitchyardError CHECKPOINT_NOT_RECOGNISED, CHECKPOINT_OTHER_VERSION */
export function parseMetadata(file: string, metadata: Readonly<Record<string, string>>): CheckpointMetadata {
  if (metadata["format"] !== checkpointFormat) {
    throw notRecognised(file, `metadata format: ${checkpointFormat}`, metadata["format"] ?? "no format");
  }
  if (metadata["version"] !== checkpointVersion) {
    throw new SwitchyardError("CHECKPOINT_OTHER_VERSION", "The checkpoint was written in another format version.", {
      where: file,
      expected: `version ${checkpointVersion}`,
      received: `version ${metadata["version"] ?? "missing"}`,
      next: "use the version of Switchyard that wrote it, or start the run anew",
    });
  }
  const count = (key: string): number => {
    const value = Number(metadata[key] ?? Number.NaN);
    if (!Number.isSafeInteger(value)) throw notRecognised(file, `a whole number as ${key}`, metadata[key] ?? "none");
    return value;
  };
  return { step: count("step"), rows: count("rows"), seed: count("seed"), batchSize: count("batchSize") };
}

/** What `parseMetadata` reads. */
export function formatMetadata(metadata: CheckpointMetadata): Readonly<Record<string, string>> {
  const { step, rows, seed, batchSize } = metadata;
  return {
    format: checkpointFormat,
    version: checkpointVersion,
    step: String(step),
    rows: String(rows),
    seed: String(seed),
    batchSize: String(batchSize),
  };
}

const checkpointFormat = "switchyard-checkpoint";

/** 2 holds the model's buffers beside its parameters. */
export const checkpointVersion = "2";

/** Parameters and buffers: what a checkpoint holds of a model. */
export function everyValue({ all, buffers }: ParameterSet): readonly Parameter[] {
  return [...all, ...buffers];
}

/** @throws SwitchyardError CHECKPOINT_OTHER_ARCHITECTURE naming every parameter that differs. */
export function checkArchitecture(file: string, parameters: ParameterSet, stored: ReadonlyMap<string, Shaped>): void {
  const expected = new Map(everyValue(parameters).map(({ name, variable }) => [name, text(variable)]));
  const received = new Map([...stored].map(([name, tensor]) => [name, text(tensor)]));
  const names = [...new Set([...expected.keys(), ...received.keys()])];
  const different = names.filter((name) => expected.get(name) !== received.get(name));
  if (different.length === 0) return;
  const list = (shapes: ReadonlyMap<string, string>): string =>
    different.map((name) => `${name} ${shapes.get(name) ?? "absent"}`).join(", ");
  throw new SwitchyardError("CHECKPOINT_OTHER_ARCHITECTURE", "The checkpoint holds a model of another architecture.", {
    where: file,
    expected: list(expected),
    received: list(received),
    next: "use the config of the run that wrote it, or start the run anew in another folder",
  });
}

/** @throws SwitchyardError CHECKPOINT_OTHER_RUN */
export function checkRun(
  file: string,
  expected: { readonly seed?: number; readonly batchSize?: number },
  received: CheckpointMetadata,
): void {
  for (const key of ["seed", "batchSize"] as const) {
    const value = expected[key];
    if (value === undefined || value === received[key]) continue;
    throw new SwitchyardError("CHECKPOINT_OTHER_RUN", `The checkpoint belongs to a run with another ${key}.`, {
      where: file,
      expected: `${key} ${value}`,
      received: `${key} ${received[key]}`,
      next: `resume with the ${key} of the checkpoint, or start the run anew`,
    });
  }
}

function notRecognised(file: string, expected: string, received: string): SwitchyardError {
  return new SwitchyardError("CHECKPOINT_NOT_RECOGNISED", "The file is no Switchyard checkpoint.", {
    where: file,
    expected,
    received,
    next: "point at a file in the checkpoints folder of a run",
  });
}

function text({ shape }: Shaped): string {
  return `[${shape.join(", ")}]`;
}
