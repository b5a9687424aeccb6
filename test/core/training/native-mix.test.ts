/**
 * Plugins written in plain tfjs beside the native kernels: what they add to the gradients arrives, and what they do not
 * touch stays on the fast path, on which the dictionary's gradients are never formed.
 */
import type * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { Loss, LossInput, Optimizer } from "../../../core/training/contracts.ts";
import { train } from "../../../core/training/train.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { nativeDevice } from "../../../kernels/devices/native.ts";
import { profileKernels } from "../../../kernels/profile/profile-kernels.ts";
import { suite } from "../../suite.ts";
import { makeTraining, parameterValues } from "./make-training.ts";

const native = nativeDevice({ threads: 2 });
const skip = await native.unavailableReason();
/** Forms a dictionary's gradient [F, D]; in every step also the vector that says which features were active. */
const dense = "SwitchyardRowSparseAccumulate";
const activity = 12;
const deferred = "SwitchyardRowSparseAccumulateDeferred";

interface Mixed {
  readonly loss?: (input: LossInput, device: Device) => tf.Scalar;
  readonly optimizer?: (device: Device) => Optimizer;
}

interface Outcome {
  readonly parameters: Readonly<Record<string, Float32Array>>;
  /** Calls of each kernel in the whole training. */
  readonly calls: ReadonlyMap<string, number>;
}

async function trainOn(device: Device, { loss, optimizer }: Mixed): Promise<Outcome> {
  const training = makeTraining(device, { steps: 12 });
  const calls = new Map<string, number>();
  const stop = profileKernels({ onCall: ({ name }) => calls.set(name, (calls.get(name) ?? 0) + 1) });
  const extra: Loss | undefined = loss && { weight: () => 0.5, compute: (input) => loss(input, device) };
  const replaced = optimizer?.(device);
  try {
    await train({
      ...training.input,
      losses: [...training.input.losses, ...(extra === undefined ? [] : [["extra", extra] as const])],
      ...(replaced === undefined ? {} : { optimizer: replaced }),
    });
    return { parameters: parameterValues(training.model), calls };
  } finally {
    stop();
    replaced?.dispose();
    training.dispose();
  }
}

async function compareWithCpu(mixed: Mixed): Promise<Outcome> {
  const expected = await trainOn(await cpuDevice.open(), mixed);
  const received = await trainOn(await native.open(), mixed);
  for (const [name, values] of Object.entries(expected.parameters)) {
    const worst = values.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - received.parameters[name]![i]!)),
      0,
    );
    assert.ok(worst < 2e-5, `${name} is off by ${worst}`);
  }
  return received;
}

/** Plain gradient descent in tfjs, which knows nothing of deferred gradients. */
function descent({ tf }: Device): Optimizer {
  return {
    learningRate: 0.01,
    initialise: () => undefined,
    prepare: () => undefined,
    apply: (parameters, gradients) => {
      for (const { name, variable } of parameters.all) {
        const gradient = gradients.get(name);
        if (gradient === undefined) continue;
        tf.tidy(() => {
          variable.assign(tf.sub(variable, tf.mul(gradient, 0.01)));
        });
      }
    },
    state: () => new Map(),
    restore: () => undefined,
    dispose: () => undefined,
  };
}

suite("plugins in plain tfjs on the native device", (test) => {
  test(
    "leave the dictionary's gradients unformed where they do not touch them",
    async () => {
      const { calls } = await compareWithCpu({
        loss: ({ acts_BD, reconstruction_BD }, { tf }) => tf.losses.absoluteDifference(acts_BD, reconstruction_BD),
      });
      assert.is(calls.get(deferred), 36, "encoder, its bias and decoder, twelve times");
      // The bias is a vector, which is formed; the two matrices never are.
      assert.is(calls.get(dense), 12 + activity);
    },
    { skip },
  );

  test(
    "add a dense gradient of the decoder to the sparse one",
    async () => {
      const { calls } = await compareWithCpu({ loss: ({ decoder_FD }, { tf }) => tf.sum(tf.abs(decoder_FD)) });
      assert.is(calls.get(dense), 24 + activity);
    },
    { skip },
  );

  test(
    "may be an optimizer that reads every gradient",
    async () => {
      const { calls } = await compareWithCpu({ optimizer: descent });
      assert.is(calls.get(dense), 36 + activity);
    },
    { skip },
  );
});
