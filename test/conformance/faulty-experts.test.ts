import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import {
  definePlugin,
  tensorFlowRef,
  Type,
  type BlockCode,
  type EncodeContext,
  type Expert,
  type SparseCode,
} from "../../core/index.ts";
import { suite } from "../suite.ts";
import { expectFailure, failureOf } from "./expect-failure.ts";
import { expertConformance } from "./expert.ts";

type Tf = typeof tensorflow;

function expertPlugin(
  encode: (context: EncodeContext, tf: Tf) => ReturnType<Expert["encode"]>,
  activeFeatures?: number,
) {
  return definePlugin({
    kind: "expert",
    name: "made-up",
    version: "1",
    summary: "For a test.",
    options: Type.Object({}),
    deps: { tf: tensorFlowRef },
    facts: () => (activeFeatures === undefined ? {} : { activeFeatures }),
    create: (_options, { tf }): Expert => ({ encode: (context) => encode(context, tf) }),
  });
}

const k = 3;

/** A top-k expert whose code a fault changes. */
function sparse(change: (code: SparseCode, tf: Tf, context: EncodeContext) => Partial<SparseCode> = () => ({})) {
  return expertPlugin((context, tf) => {
    const code = context.topK(k);
    return { ...code, ...change(code, tf, context) };
  }, k);
}

/** A ReLU expert whose code a fault changes. */
function block(change: (code: BlockCode, tf: Tf, context: EncodeContext) => Partial<BlockCode> = () => ({})) {
  return expertPlugin((context, tf) => {
    const code = context.block(tf.relu(context.preactivations()));
    return { ...code, ...change(code, tf, context) };
  });
}

let calls = 0;

const faults: readonly (readonly [what: string, name: string, faulty: ReturnType<typeof sparse>, message: RegExp])[] = [
  [
    "more columns than active features",
    "returns a code of the right shapes and types",
    expertPlugin((context) => context.topK(k + 1), k),
    /shape of indices_BK: expected \[12, 3\], received \[12, 4\]/,
  ],
  [
    "values of another shape",
    "returns a code of the right shapes and types",
    block(({ values_BRM }, tf) => ({ values_BRM: tf.squeeze(values_BRM, [1]) })),
    /squeeze|shape of values_BRM/i,
  ],
  [
    "indices in falling order",
    "has different features in rising order in each row of a sparse code",
    sparse(({ indices_BK, values_BK }, tf) => ({
      indices_BK: tf.reverse(indices_BK, 1),
      values_BK: tf.reverse(values_BK, 1),
    })),
    /feature of row 0: expected more than/,
  ],
  [
    "features of experts that the row is not routed to",
    "has features of the row's own experts only",
    sparse(({ indices_BK }, tf, { shape }) => ({
      indices_BK: tf.mod(
        tf.add(indices_BK, tf.scalar(shape.featuresPerExpert, "int32")),
        tf.scalar(shape.features, "int32"),
      ),
    })),
    /expert of feature \d+ in row \d+: expected one of/,
  ],
  [
    "values that are not finite",
    "has finite values",
    block(({ values_BRM }, tf) => ({ values_BRM: tf.div(values_BRM, 0) })),
    /expected a finite number/,
  ],
  [
    "more active features than stated",
    "has no more active features in a row than it states",
    expertPlugin((context, tf) => context.block(tf.add(tf.relu(context.preactivations()), 1)), 2),
    /active features of row 0: expected at most 2/,
  ],
  [
    "gates that are forgotten",
    "multiplies the code by the gates",
    block((_code, tf, context) => ({ values_BRM: tf.relu(context.preactivations()) })),
    /the code under doubled gates/,
  ],
  [
    "a code that is always zero",
    "multiplies the code by the gates",
    block(({ values_BRM }, tf) => ({ values_BRM: tf.mul(values_BRM, 0) })),
    /expected some active feature, received none/,
  ],
  [
    "a code cut off from its gradient",
    "has gradients that agree with finite differences",
    block(({ values_BRM }, tf) => ({ values_BRM: tf.tensor(values_BRM.arraySync()) })),
    /gradient in encoder, entry \d+/,
  ],
  [
    "a preference for low experts",
    "gives the same code when the experts change places",
    block(({ values_BRM, expertIndices_BR }, tf) => {
      const scale_BR = tf.add(tf.cast(expertIndices_BR, "float32"), 1);
      return { values_BRM: tf.mul(values_BRM, tf.expandDims(scale_BR, 2)) };
    }),
    /the code, taken back, entry \d+/,
  ],
  [
    "a memory of earlier calls",
    "encodes the same rows the same way again",
    block(({ values_BRM }, tf) => ({ values_BRM: tf.mul(values_BRM, (calls += 1)) })),
    /the second code/,
  ],
  [
    "gradients that are not finite",
    "trains in an autoencoder, also when experts see no row",
    block(({ values_BRM }, tf) => ({ values_BRM: tf.sqrt(tf.mul(values_BRM, 0)) })),
    /expected a finite number/,
  ],
  [
    "tensors kept for ever",
    "leaves no tensor behind",
    block(({ values_BRM }, tf) => ({ values_BRM: tf.keep(tf.mul(values_BRM, 1)) })),
    /tensors left behind by encode: expected 0, received 1/,
  ],
];

suite("expert conformance finds", (test) => {
  for (const [what, name, faulty, message] of faults) {
    test(what, async () => {
      await expectFailure(name, { right: expertConformance(sparse()), faulty: expertConformance(faulty) }, message);
      assert.is(await failureOf(expertConformance(block()), name), undefined);
    });
  }

  test("an impossible number of active features", async () => {
    const cases = expertConformance(expertPlugin((context) => context.topK(1), 0.5));
    const failure = await failureOf(cases, "states a whole number of active features, where it fixes one");
    assert.match(failure ?? "", /facts\.activeFeatures: expected a whole number from 1, or none, received 0\.5/);
  });
});
