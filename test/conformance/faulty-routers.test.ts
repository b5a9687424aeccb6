import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { definePlugin, tensorFlowRef, Type, type Router, type RouterFacts } from "../../core/index.ts";
import { suite } from "../suite.ts";
import { expectFailure, failureOf } from "./expect-failure.ts";
import { routerConformance } from "./router.ts";

type Tf = typeof tensorflow;
type Fault = (right: Router, tf: Tf) => Partial<Router>;

const experts = 3;

/** A linear softmax router, with whatever a fault replaces. */
function linear(fault: Fault = () => ({}), facts: RouterFacts = { numExperts: experts, numSelected: 1 }) {
  return definePlugin({
    kind: "router",
    name: "linear",
    version: "1",
    summary: "For a test.",
    options: Type.Object({}),
    deps: { tf: tensorFlowRef },
    facts: () => facts,
    create: (_options, { tf }): Router => {
      const right: Router = {
        initialise: ({ width }, rng) => {
          const stream = rng.stream("router");
          const values = Float32Array.from({ length: experts * width }, () => stream.normal());
          return { weight: { shape: [experts, width], values } };
        },
        route: (acts_BD, { weight }) => {
          const probabilities_BE = tf.softmax<tensorflow.Tensor2D>(
            tf.matMul(acts_BD, weight as tensorflow.Tensor2D, false, true),
          );
          const chosen_B = tf.argMax<tensorflow.Tensor1D>(probabilities_BE, 1);
          const expertIndices_BR = tf.expandDims<tensorflow.Tensor2D>(chosen_B, 1);
          return { expertIndices_BR, gates_BR: tf.max(probabilities_BE, 1, true), probabilities_BE };
        },
      };
      return { ...right, ...fault(right, tf) };
    },
  });
}

/** Replaces parts of a routing. */
function changing(
  change: (routing: ReturnType<Router["route"]>, tf: Tf, acts_BD: tensorflow.Tensor2D) => object,
): Fault {
  return (right, tf) => ({
    route: (acts_BD, parameters) => {
      const routing = right.route(acts_BD, parameters);
      return { ...routing, ...change(routing, tf, acts_BD) };
    },
  });
}

let calls = 0;

const faults: readonly (readonly [fault: string, name: string, fault: Fault, message: RegExp])[] = [
  [
    "parameters that do not fit",
    "starts its parameters at finite values that fit their shapes",
    () => ({ initialise: () => ({ weight: { shape: [3, 4], values: new Float32Array(7) } }) }),
    /expected 12|number of|7/,
  ],
  [
    "parameters that are not finite",
    "starts its parameters at finite values that fit their shapes",
    () => ({
      initialise: ({ width }) => ({
        weight: { shape: [3, width], values: new Float32Array(3 * width).fill(Number.NaN) },
      }),
    }),
    /initial weight, entry 0: expected a finite number, received NaN/,
  ],
  [
    "an unseeded start",
    "starts at the same values for the same seed",
    () => ({
      initialise: ({ width }) => ({
        weight: { shape: [3, width], values: Float32Array.from({ length: 3 * width }, () => Math.random()) },
      }),
    }),
    /initial weight, entry/,
  ],
  [
    "float indices",
    "returns int32 indices, float32 gates and probabilities of the right shapes",
    changing(({ expertIndices_BR }, tf) => ({ expertIndices_BR: tf.cast(expertIndices_BR, "float32") })),
    /type of expertIndices_BR: expected int32, received float32/,
  ],
  [
    "gates of another shape",
    "returns int32 indices, float32 gates and probabilities of the right shapes",
    changing(({ gates_BR }, tf) => ({ gates_BR: tf.squeeze(gates_BR) })),
    /shape of gates_BR: expected \[24, 1\], received \[24\]/,
  ],
  [
    "an expert that does not exist",
    "selects R different experts of E for every row",
    changing(({ expertIndices_BR }, tf) => ({ expertIndices_BR: tf.add(expertIndices_BR, tf.scalar(1, "int32")) })),
    /expert of row \d+: expected 0 to 2, received 3/,
  ],
  [
    "negative gates",
    "gives finite gates that are not negative",
    changing(({ gates_BR }, tf) => ({ gates_BR: tf.neg(gates_BR) })),
    /gate of row 0: expected 0 or more/,
  ],
  [
    "gates that are not finite",
    "gives finite gates that are not negative",
    changing(({ gates_BR }, tf) => ({ gates_BR: tf.div(gates_BR, 0) })),
    /expected a finite number, received Infinity/,
  ],
  [
    "probabilities that are none",
    "gives probabilities that are not negative and sum to 1, where it has them",
    changing(({ probabilities_BE }, tf) => ({ probabilities_BE: tf.mul(probabilities_BE!, 2) })),
    /sum of the probabilities of row 0, entry 0: expected 1/,
  ],
  [
    "a memory of earlier calls",
    "routes the same rows the same way again and changes none of its inputs",
    changing(({ gates_BR }, tf) => ({ gates_BR: tf.mul(gates_BR, 1 + (calls += 1)) })),
    /the second routing: expected the first one's numbers/,
  ],
  [
    "changed parameters",
    "routes the same rows the same way again and changes none of its inputs",
    (right, tf) => ({
      route: (acts_BD, parameters) => {
        const routing = right.route(acts_BD, { weight: tf.mul(parameters["weight"]!, 1) });
        (parameters["weight"] as tensorflow.Variable).assign(tf.mul(parameters["weight"]!, 1.5));
        return routing;
      },
    }),
    /the second routing|an input after routing/,
  ],
  [
    "a choice that depends on the other rows",
    "routes each row by itself, also when it is the only one",
    (right) => ({
      route: (acts_BD, parameters) => right.route(acts_BD.sub<tensorflow.Tensor2D>(acts_BD.mean(0)), parameters),
    }),
    /row \d+ in a batch of \d+/,
  ],
  [
    "a broken gradient",
    "has gradients that agree with finite differences",
    (right, tf) => ({
      route: (acts_BD, parameters) => {
        const wrong = tf.customGrad((x, save) => {
          (save as (tensors: tensorflow.Tensor[]) => void)([]);
          return { value: tf.mul(x as tensorflow.Tensor, 1), gradFunc: (dy: tensorflow.Tensor) => tf.mul(dy, 1.3) };
        });
        return right.route(acts_BD, { weight: wrong(parameters["weight"]!) });
      },
    }),
    /gradient in weight, entry \d+: expected .* by finite differences/,
  ],
  [
    "no gradient where the gates depend on the parameters",
    "has gradients that agree with finite differences",
    changing(({ gates_BR, probabilities_BE }, tf) => ({
      gates_BR: tf.tensor(gates_BR.arraySync()),
      probabilities_BE: tf.tensor(probabilities_BE!.arraySync()),
    })),
    /gradient in weight, entry \d+/,
  ],
  [
    "a preference for the first expert",
    "follows its parameters when the experts change places",
    (right, tf) => ({
      route: (acts_BD, parameters) => {
        const { probabilities_BE } = right.route(acts_BD, parameters);
        const biased_BE = tf.softmax<tensorflow.Tensor2D>(tf.add(tf.log(probabilities_BE!), tf.tensor1d([2, 0, 0])));
        const chosen_B = tf.argMax<tensorflow.Tensor1D>(biased_BE, 1);
        return {
          expertIndices_BR: tf.expandDims(chosen_B, 1),
          gates_BR: tf.max(biased_BE, 1, true),
          probabilities_BE: biased_BE,
        };
      },
    }),
    /sorted gates of row|experts of row/,
  ],
  [
    "indices that do not fit its facts",
    "trains in an autoencoder, also when experts see no row",
    changing(({ gates_BR }, tf) => ({ gates_BR: tf.concat([gates_BR, gates_BR], 1) })),
    /another shape or type than its facts promise/,
  ],
  [
    "tensors kept for ever",
    "leaves no tensor behind",
    (right, tf) => ({ route: (acts_BD, parameters) => right.route(tf.keep(tf.mul(acts_BD, 1)), parameters) }),
    /tensors left behind by route: expected 0, received 1/,
  ],
];

suite("router conformance finds", (test) => {
  for (const [what, name, fault, message] of faults) {
    test(what, () =>
      expectFailure(name, { right: routerConformance(linear()), faulty: routerConformance(linear(fault)) }, message),
    );
  }

  const wrongFacts: readonly RouterFacts[] = [
    { numExperts: 0, numSelected: 0 },
    { numExperts: 2.5, numSelected: 1 },
    { numExperts: 3, numSelected: 4 },
  ];
  for (const facts of wrongFacts) {
    test(`impossible facts: ${JSON.stringify(facts)}`, async () => {
      const cases = routerConformance(linear(undefined, facts));
      const failure = await failureOf(cases, "states how many experts there are and how many a row sees");
      assert.match(failure ?? "", /facts\.num(?:Experts|Selected): expected a whole number/);
    });
  }

  test("a number of selected experts that differs from its facts", async () => {
    const cases = routerConformance(linear(undefined, { numExperts: 3, numSelected: 2 }));
    const failure = await failureOf(
      cases,
      "returns int32 indices, float32 gates and probabilities of the right shapes",
    );
    assert.match(failure ?? "", /expected \[24, 2\], received \[24, 1\]/);
  });

  test("a plugin of another kind, and options without a description", async () => {
    const cases = routerConformance({ ...linear(), kind: "expert" });
    assert.match(
      (await failureOf(cases, "is a valid router plugin")) ?? "",
      /its kind: expected router, received expert/,
    );
    const undescribed = Type.Object({ n: Type.Integer({ default: 1 }) });
    const silent = routerConformance({ ...linear(), options: undescribed });
    assert.match((await failureOf(silent, "describes every option")) ?? "", /options\.n: expected a description/);
  });

  test("skips that name no case or give no reason", () => {
    assert.throws(
      () => routerConformance(linear(), { skip: { "flies to the moon": "it is a router" } }),
      /names no case/,
    );
    assert.throws(() => routerConformance(linear(), { skip: { "leaves no tensor behind": " " } }), /gives no reason/);
    const all = routerConformance(linear()).length;
    assert.is(routerConformance(linear(), { skip: { "leaves no tensor behind": "it caches" } }).length, all - 1);
  });
});
