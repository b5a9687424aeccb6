/**
 * Makes the trainable parameters of a model from their initial values, and keeps shared ones equal.
 */
import type * as tf from "@tensorflow/tfjs";
import { nearestName } from "../errors/nearest-name.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type { ParameterInit } from "./contracts.ts";
import type { Parameter, ParameterSet } from "./parameters.ts";

export interface ParametersInput {
  readonly tf: typeof tf;
  /** Name in checkpoints -> start, in the order in which updates are applied. */
  readonly inits: ReadonlyMap<string, ParameterInit>;
  readonly shared: readonly (readonly string[])[];
}

/** @throws SwitchyardError PARAMETER_SHAPE when values do not fit their shape. */
export function createParameters({ tf, inits, shared }: ParametersInput): ParameterSet {
  for (const [name, init] of inits) checkInit(name, init);
  const variables = new Map<string, tf.Variable>();
  for (const [name, init] of inits) {
    // A backend may keep the array it is given; the caller's must stay the caller's.
    const start = tf.tensor(init.values.slice(), [...init.shape], "float32");
    variables.set(name, tf.variable(start, init.trainable !== false));
    start.dispose();
  }
  const named: readonly Parameter[] = [...variables].map(([name, variable]) => ({ name, variable }));
  return {
    all: named.filter(({ name }) => inits.get(name)?.trainable !== false),
    buffers: named.filter(({ name }) => inits.get(name)?.trainable === false),
    shared,
    has: (name) => variables.has(name),
    get: (name) => variables.get(name) ?? unknownParameter(name, [...variables.keys()]),
    dispose: () => {
      for (const { variable } of named) variable.dispose();
    },
  };
}

/**
 * Gives every parameter that shares a value with `name` that value. Called after each update, so that the updates of
 * all members land on one vector, as they do where the reference implementation shares storage.
 */
export function propagateShared(tensorflow: typeof tf, parameters: ParameterSet, name: string): void {
  for (const group of parameters.shared) {
    if (!group.includes(name)) continue;
    const source = parameters.get(name);
    for (const other of group) if (other !== name) overwrite(tensorflow, parameters.get(other), source);
  }
}

/**
 * Copies a tensor's values into a variable. `assign` alone would make the two share memory, and kernels write into
 * variables in place.
 */
export function overwrite(tensorflow: typeof tf, variable: tf.Variable, value: tf.Tensor): void {
  const copy = tensorflow.mul(value, 1);
  variable.assign(copy);
  copy.dispose();
}

function checkInit(name: string, { shape, values }: ParameterInit): void {
  const size = shape.reduce((product, length) => product * length, 1);
  if (size === values.length) return;
  throw new SwitchyardError("PARAMETER_SHAPE", `The initial values of parameter ${name} do not fit its shape.`, {
    where: name,
    expected: `${size} values for shape [${shape.join(", ")}]`,
    received: `${values.length}`,
    next: "correct `initialise` of the plugin that owns the parameter",
  });
}

function unknownParameter(name: string, known: readonly string[]): never {
  const nearest = nearestName(name, known);
  throw new SwitchyardError("PARAMETER_UNKNOWN", `The model has no parameter "${name}".`, {
    expected: known.join(", "),
    received: name,
    next: nearest === undefined ? "use one of the names above" : `did you mean "${nearest}"?`,
  });
}
