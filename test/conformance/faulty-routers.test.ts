import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { definePlugin, rngRef, tensorFlowRef, Type, type Router, type RouterFacts } from "../../core/index.ts";
import type { TrainingMoment } from "../../core/model/contracts.ts";
import { createRng, type RandomStream, type Rng } from "../../core/model/rng.ts";
import { suite } from "../suite.ts";
import { expectFailure, failureOf } from "./expect-failure.ts";
import { routerConformance } from "./router.ts";

type Tf = typeof tensorflow;
type Fault = (right: Router, tf: Tf) => Partial<Router>;

const experts = 3;

/** A linear softmax router. */
function rightRouter(tf: Tf): Router {
  return {
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
}

/** The router above, with whatever a fault replaces. */
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
      const right = rightRouter(tf);
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
    "a choice by a row's position",
    "routes each row by itself, also when it is the only one",
    changing(({ expertIndices_BR }, tf) => ({
      expertIndices_BR: tf.tensor2d(
        Array.from({ length: expertIndices_BR.shape[0] }, (_unused, b) => [b % experts]),
        expertIndices_BR.shape,
        "int32",
      ),
    })),
    /experts of row 5 in a batch of 1: expected as in one of 24: 2, received 0/,
  ],
  [
    "a gradient that is broken while training",
    "has gradients that agree with finite differences",
    (right, tf) => ({
      route: (acts_BD, parameters, training) => {
        const routing = right.route(acts_BD, parameters);
        return training === undefined
          ? routing
          : { ...routing, gates_BR: tf.tensor2d(routing.gates_BR.arraySync(), routing.gates_BR.shape) };
      },
    }),
    /gradient in weight, entry \d+/,
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

const sharedFacts: RouterFacts = { numExperts: experts + 1, numSelected: 2, numShared: 1 };

/** The linear router with one expert more, which sees every row. */
const withOneShared: Fault = changing(({ expertIndices_BR, gates_BR, probabilities_BE }, tf) => ({
  expertIndices_BR: tf.concat([expertIndices_BR, tf.fill(expertIndices_BR.shape, experts, "int32")], 1),
  gates_BR: tf.concat([gates_BR, tf.onesLike(gates_BR)], 1),
  logits_BE: tf.log(probabilities_BE!),
}));

const sharedFaults: typeof faults = [
  [
    "a shared expert before the chosen one",
    "ends every row with the shared experts, whose gate is 1",
    changing(({ expertIndices_BR, gates_BR }, tf) => ({
      expertIndices_BR: tf.reverse(expertIndices_BR, 1),
      gates_BR: tf.reverse(gates_BR, 1),
    })),
    /chosen expert 0 of row 0: expected one that is not shared, below 3, received 3/,
  ],
  [
    "a row without the shared expert",
    "ends every row with the shared experts, whose gate is 1",
    changing(({ expertIndices_BR }, tf, acts_BD) => {
      const chosen_B1 = tf.slice(expertIndices_BR, [0, 0], [acts_BD.shape[0], 1]);
      const next_B1 = tf.mod(tf.add(chosen_B1, tf.scalar(1, "int32")), tf.scalar(experts, "int32"));
      return { expertIndices_BR: tf.concat([chosen_B1, next_B1], 1) };
    }),
    /last experts of row 0: expected 3/,
  ],
  [
    "a gate on the shared expert",
    "ends every row with the shared experts, whose gate is 1",
    changing(({ gates_BR }, tf) => ({ gates_BR: tf.mul(gates_BR, 0.5) })),
    /gates of the shared experts of row 0, entry 0: expected 1/,
  ],
  [
    "probabilities of shared experts too",
    "returns int32 indices, float32 gates and probabilities of the right shapes",
    changing(({ probabilities_BE }, tf) => ({
      probabilities_BE: tf.pad(probabilities_BE!, [
        [0, 0],
        [0, 1],
      ]),
    })),
    /shape of probabilities_BE: expected \[24, 3\], received \[24, 4\]/,
  ],
  [
    "logits of another shape",
    "returns int32 indices, float32 gates and probabilities of the right shapes",
    changing(({ logits_BE }, tf) => ({
      logits_BE: tf.pad(logits_BE!, [
        [0, 0],
        [0, 1],
      ]),
    })),
    /shape of logits_BE: expected \[24, 3\], received \[24, 4\]/,
  ],
  [
    "logits of other probabilities",
    "gives logits whose softmax are the probabilities, where it has both",
    changing(({ logits_BE }, tf) => ({ logits_BE: tf.mul(logits_BE!, 1.5) })),
    /probabilities of row \d+, entry \d: expected/,
  ],
  [
    "logits that are not finite",
    "gives logits whose softmax are the probabilities, where it has both",
    changing(({ logits_BE }, tf) => ({ logits_BE: tf.sub(logits_BE!, Infinity) })),
    /logits of row 0, entry 0: expected a finite number/,
  ],
  [
    "a gradient that logits lack",
    "has gradients that agree with finite differences",
    changing(({ logits_BE }, tf) => ({ logits_BE: tf.tensor(logits_BE!.arraySync()) })),
    /gradient in weight, entry \d+/,
  ],
];

type Draw = (rng: Rng, training: TrainingMoment) => RandomStream;

const fromSeedAndStep: Draw = (rng, { step }) => rng.stream(`draw ${step}`);

/** Switches every row to an expert that it draws while training. */
function drawing(draw: Draw) {
  return definePlugin({
    ...linear(),
    deps: { tf: tensorFlowRef, rng: rngRef },
    create: (_options, { tf, rng }): Router => {
      const right = rightRouter(tf);
      return {
        ...right,
        route: (acts_BD, parameters, training) => {
          const routing = right.route(acts_BD, parameters);
          if (training === undefined) return routing;
          const rows = acts_BD.shape[0];
          const stream = draw(rng, training);
          const chosen = Int32Array.from({ length: rows }, () => stream.integer(experts));
          return {
            ...routing,
            expertIndices_BR: tf.tensor2d(chosen, [rows, 1], "int32"),
            gates_BR: tf.ones<tensorflow.Rank.R2>([rows, 1]),
          };
        },
      };
    },
  });
}

let remembered: RandomStream | undefined;

const drawingFaults: readonly (readonly [fault: string, name: string, draw: Draw, message: RegExp])[] = [
  [
    "the same draw at every step",
    "draws anew at another step, from the run's seed alone",
    (rng) => rng.stream("draw"),
    /the routing at another step: expected another draw/,
  ],
  [
    "draws that no seed decides",
    "draws anew at another step, from the run's seed alone",
    (_rng, { step }) => createRng(99).stream(`draw ${step}`),
    /the routing of a run with another seed: expected another draw/,
  ],
  [
    "draws that depend on the steps before",
    "draws anew at another step, from the run's seed alone",
    (rng, { step }) => rng.stream(`draw ${step} ${(calls += 1)}`),
    /the routing of a router that starts at step 4: expected the draw of one that got there/,
  ],
  [
    "a stream that goes on from call to call",
    "routes the same rows the same way again and changes none of its inputs",
    (rng) => (remembered ??= rng.stream("draw")),
    /the second routing: expected the first one's numbers/,
  ],
];

suite("router conformance finds", (test) => {
  for (const [what, name, fault, message] of faults) {
    test(what, () =>
      expectFailure(name, { right: routerConformance(linear()), faulty: routerConformance(linear(fault)) }, message),
    );
  }

  for (const [what, name, fault, message] of sharedFaults) {
    test(what, () =>
      expectFailure(
        name,
        {
          right: routerConformance(linear(withOneShared, sharedFacts)),
          faulty: routerConformance(
            linear((right, tf) => fault({ ...right, ...withOneShared(right, tf) }, tf), sharedFacts),
          ),
        },
        message,
      ),
    );
  }
  for (const [what, name, route, message] of drawingFaults) {
    test(what, () =>
      expectFailure(
        name,
        {
          right: routerConformance(drawing(fromSeedAndStep), { draws: true }),
          faulty: routerConformance(drawing(route), { draws: true }),
        },
        message,
      ),
    );
  }

  test("draws that were not declared, by what a draw by position cannot hold", async () => {
    const cases = routerConformance(drawing(fromSeedAndStep));
    const failure = await failureOf(cases, "routes each row by itself while training");
    assert.match(failure ?? "", /experts of row \d+ in a batch of \d+: expected as in one of 24/);
    assert.is(await failureOf(cases, "routes each row by itself, also when it is the only one"), undefined);
  });

  const wrongFacts: readonly RouterFacts[] = [
    { numExperts: 0, numSelected: 0 },
    { numExperts: 2.5, numSelected: 1 },
    { numExperts: 3, numSelected: 4 },
    { numExperts: 3, numSelected: 2, numShared: 2 },
    { numExperts: 3, numSelected: 2, numShared: 0.5 },
  ];
  for (const facts of wrongFacts) {
    test(`impossible facts: ${JSON.stringify(facts)}`, async () => {
      const cases = routerConformance(linear(undefined, facts));
      const failure = await failureOf(cases, "states how many experts there are and how many a row sees");
      assert.match(failure ?? "", /facts\.num(?:Experts|Selected|Shared): expected a whole number/);
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
