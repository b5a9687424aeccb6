import type * as tensorflow from "@tensorflow/tfjs";
import { definePlugin, tensorFlowRef, Type, type Loss, type LossInput } from "../../core/index.ts";
import { suite } from "../suite.ts";
import { expectFailure } from "./expect-failure.ts";
import { lossConformance } from "./loss.ts";
import { scheduleConformance } from "./schedule.ts";

type Tf = typeof tensorflow;

function lossPlugin(
  compute: (input: LossInput, tf: Tf) => tensorflow.Tensor,
  weight: (step: number) => number = () => 1,
) {
  return definePlugin({
    kind: "loss",
    name: "made-up",
    version: "1",
    summary: "For a test.",
    options: Type.Object({}),
    deps: { tf: tensorFlowRef },
    create: (_options, { tf }): Loss => ({ weight, compute: (input) => compute(input, tf) as tensorflow.Scalar }),
  });
}

function squares({ acts_BD, reconstruction_BD }: LossInput, tf: Tf): tensorflow.Tensor {
  return tf.sum(tf.square(tf.sub(reconstruction_BD, acts_BD)), 1);
}

const right = lossPlugin((input, tf) => tf.mean(squares(input, tf)));
let calls = 0;

const faults: readonly (readonly [what: string, name: string, faulty: typeof right, message: RegExp])[] = [
  [
    "a negative weight",
    "has a finite weight that is not negative, at every step",
    lossPlugin(
      (input, tf) => tf.mean(squares(input, tf)),
      (step) => 5 - step,
    ),
    /weight at step 10: expected finite, 0 or more, received -5/,
  ],
  ["one value a row", "is a finite scalar", lossPlugin(squares), /shape of the loss: expected \[\], received \[6\]/],
  [
    "a value that is not finite",
    "is a finite scalar",
    lossPlugin((input, tf) => tf.log(tf.mul(tf.mean(squares(input, tf)), -1))),
    /the loss, entry 0: expected a finite number, received NaN/,
  ],
  [
    "no gradient",
    "has gradients that agree with finite differences",
    lossPlugin((input, tf) => tf.scalar(tf.mean(squares(input, tf)).dataSync()[0]!)),
    /gradient in reconstruction, entry \d+/,
  ],
  [
    "a sum over rows",
    "is the same for a batch repeated twice: a mean over rows, not a sum",
    lossPlugin((input, tf) => tf.sum(squares(input, tf))),
    /the loss of the batch twice/,
  ],
  [
    "a preference for the first row",
    "does not depend on the order of the rows",
    lossPlugin((input, tf) => tf.sum(tf.slice(squares(input, tf), 0, 1))),
    /the loss of the rows in reverse/,
  ],
  [
    "a division by the number of rows but one",
    "is finite for a single row",
    lossPlugin((input, tf) => tf.div(tf.sum(squares(input, tf)), input.acts_BD.shape[0] - 1)),
    /the loss of one row, entry 0: expected a finite number, received Infinity/,
  ],
  [
    "a root whose gradient is infinite at zero",
    "is finite, with finite gradients, for an empty code and a perfect reconstruction",
    lossPlugin((input, tf) => tf.mean(tf.sqrt(squares(input, tf)))),
    /gradient in reconstruction, entry 0: expected a finite number/,
  ],
  [
    "a memory of earlier calls",
    "is the same again on the same input",
    lossPlugin((input, tf) => tf.mul(tf.mean(squares(input, tf)), (calls += 1))),
    /the second value/,
  ],
  [
    "tensors kept for ever",
    "leaves no tensor behind",
    lossPlugin((input, tf) => tf.mean(tf.keep(squares(input, tf)))),
    /tensors left behind by compute: expected 0, received 1/,
  ],
];

suite("loss conformance finds", (test) => {
  for (const [what, name, faulty, message] of faults) {
    test(what, () => expectFailure(name, { right: lossConformance(right), faulty: lossConformance(faulty) }, message));
  }
});

function schedulePlugin(multiplier: (step: number, totalSteps: number) => number) {
  return definePlugin({
    kind: "schedule",
    name: "made-up",
    version: "1",
    summary: "For a test.",
    options: Type.Object({}),
    create: () => ({ multiplier }),
  });
}

suite("schedule conformance finds", (test) => {
  const linear = scheduleConformance(schedulePlugin((step, total) => 1 - step / total));
  const finds = (what: string, name: string, multiplier: (step: number, total: number) => number, message: RegExp) => {
    test(what, () =>
      expectFailure(name, { right: linear, faulty: scheduleConformance(schedulePlugin(multiplier)) }, message),
    );
  };
  const finite = "gives a finite multiplier that is not negative, at every step";
  finds("a division by zero", finite, (step) => 1 / step, /step 0 of 1: expected finite, 0 or more, received Infinity/);
  finds("a negative multiplier", finite, (step) => 5 - step, /step 6 of 10: .* received -1/);
  finds(
    "no training at all",
    "trains at some step of every length",
    () => 0,
    /multipliers of 1 steps: expected some above 0/,
  );
  let last = 0;
  const stateful = (): number => (last += 1);
  finds(
    "a memory",
    "gives the same multiplier at the same step again, in any order",
    stateful,
    /multiplier at step 99/,
  );
});
