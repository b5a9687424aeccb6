import type * as tensorflow from "@tensorflow/tfjs";
import { Value } from "typebox/value";
import * as assert from "uvu/assert";
import type { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import {
  expertsOption,
  ofOneExpert,
  ofSelectedExperts,
  selectedOption,
  selectExperts,
  selectionFacts,
  sharedOption,
} from "../../../core/model/select-experts.ts";
import type { GateConvention } from "../../../core/model/select-experts.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { suite } from "../../suite.ts";

suite("counts of experts", (test) => {
  test("become the facts of a router, shared experts among the selected", () => {
    assert.equal(selectionFacts({ experts: 8, e: 3, shared: 2 }), { numExperts: 8, numSelected: 5, numShared: 2 });
  });
  test("must leave e experts beside the shared ones, and at least one", () => {
    const failureOf = (experts: number, e: number, shared: number): SwitchyardError | undefined => {
      try {
        selectionFacts({ experts, e, shared });
        return undefined;
      } catch (error) {
        return error as SwitchyardError;
      }
    };
    assert.is(failureOf(4, 3, 1), undefined);
    assert.is(failureOf(4, 4, 1)?.where, "model.router.e");
    assert.is(failureOf(4, 4, 1)?.expected, "at most 3, the number of experts that are not shared");
    assert.is(failureOf(4, 5, 0)?.expected, "at most 4, the number of experts");
    assert.is(failureOf(4, 1, 4)?.where, "model.router.shared");
    assert.is(failureOf(4, 1, 4)?.code, "SELECTED_EXPERTS_TOO_LARGE");
  });
  test("are positive whole numbers in configs, shared ones also 0", () => {
    for (const option of [expertsOption, selectedOption]) {
      assert.equal(
        [1, 0, 1.5, "2"].map((value) => Value.Check(option, value)),
        [true, false, false, false],
      );
    }
    assert.equal(
      [1, 0, -1].map((value) => Value.Check(sharedOption, value)),
      [true, true, false],
    );
  });
});

suite("gate options", (test) => {
  test("mean the probability of the one expert, or the share among several, by the same word", () => {
    assert.equal([ofOneExpert("softmax"), ofOneExpert("heaviside")], ["softmax-all", "heaviside"]);
    assert.equal(
      [ofSelectedExperts("softmax"), ofSelectedExperts("softmax-all"), ofSelectedExperts("heaviside")],
      ["softmax-selected", "softmax-all", "heaviside"],
    );
  });
});

for (const provider of [cpuDevice, wasmDevice]) {
  suite(`selection of experts on ${provider.name}`, (test, hooks) => {
    let tf: typeof tensorflow;
    hooks.before(async () => {
      ({ tf } = await provider.open());
    });
    const logits = [
      [0.5, -2, 3, 1],
      [-4, -1, -3, -2],
    ];
    const select = (given: { e: number; gate?: GateConvention; shared?: number; order?: number[][] }) => {
      const logits_BE = tf.tensor2d(logits);
      const { order = logits, gate = "softmax-all", shared = 0, e } = given;
      const probabilities_BE = tf.softmax(logits_BE);
      return selectExperts(tf, { logits_BE, probabilities_BE, order_BE: tf.tensor2d(order), e, gate, shared });
    };
    const exponentials = (row: number): number[] => logits[row]!.map(Math.exp);
    const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);

    test("takes the largest first, negative ones too, and the lower index among equals", () => {
      assert.equal(select({ e: 4 }).expertIndices_BR.arraySync(), [
        [2, 3, 0, 1],
        [1, 3, 2, 0],
      ]);
      const tied = [
        [1, 1, 1, 1],
        [0, 2, 2, 5],
      ];
      assert.equal(select({ e: 3, order: tied }).expertIndices_BR.arraySync(), [
        [0, 1, 2],
        [3, 1, 2],
      ]);
    });
    test("gates by each convention", () => {
      const all = select({ e: 2, gate: "softmax-all" }).gates_BR.arraySync();
      const selected = select({ e: 2, gate: "softmax-selected" }).gates_BR.arraySync();
      for (const [row, chosen] of [
        [2, 3],
        [1, 3],
      ].entries()) {
        const ex = exponentials(row);
        for (const [r, e] of chosen.entries()) {
          assert.ok(Math.abs(all[row]![r]! - ex[e]! / sum(ex)) < 1e-6);
          assert.ok(Math.abs(selected[row]![r]! - ex[e]! / sum(chosen.map((c) => ex[c]!))) < 1e-6);
        }
      }
      assert.equal(select({ e: 2, gate: "heaviside" }).gates_BR.arraySync(), [
        [1, 1],
        [1, 1],
      ]);
    });
    test("chooses by the order it is given and gates by the logits", () => {
      const order = [
        [9, 0, 0, 0],
        [9, 0, 0, 0],
      ];
      const routing = select({ e: 1, order });
      assert.equal(routing.expertIndices_BR.arraySync(), [[0], [0]]);
      for (const row of [0, 1]) {
        const ex = exponentials(row);
        assert.ok(Math.abs(routing.gates_BR.arraySync()[row]![0]! - ex[0]! / sum(ex)) < 1e-6);
      }
    });
    test("appends shared experts, and hands on logits and probabilities of the others", () => {
      const routing = select({ e: 1, shared: 2 });
      assert.is(routing.expertIndices_BR.dtype, "int32");
      assert.equal(routing.expertIndices_BR.arraySync(), [
        [2, 4, 5],
        [1, 4, 5],
      ]);
      assert.equal(routing.logits_BE?.arraySync(), logits);
      assert.equal(routing.probabilities_BE?.shape, [2, 4]);
    });
    test("has gradients of selected shares that agree with finite differences in float64", () => {
      const chosen = [2, 3, 0];
      const weights = [0.3, -1.1, 0.7];
      const value = (row: readonly number[]): number => {
        const ex = chosen.map((e) => Math.exp(row[e]!));
        return sum(ex.map((x, r) => (weights[r]! * x) / sum(ex)));
      };
      const gradient = tf
        .grad((given: tensorflow.Tensor) => {
          const logits_BE = given as tensorflow.Tensor2D;
          const probabilities_BE = tf.softmax(logits_BE);
          const input = { logits_BE, probabilities_BE, order_BE: logits_BE, e: 3, shared: 1 } as const;
          const { gates_BR } = selectExperts(tf, { ...input, gate: "softmax-selected" });
          return tf.sum(tf.mul(tf.slice(gates_BR, [0, 0], [1, 3]), [weights]));
        })(tf.tensor2d([logits[0]!]))
        .dataSync();
      for (let e = 0; e < 4; e += 1) {
        const moved = (by: number): number => value(logits[0]!.map((x, i) => (i === e ? x + by : x)));
        const expected = (moved(1e-5) - moved(-1e-5)) / 2e-5;
        assert.ok(Math.abs(gradient[e]! - expected) < 1e-5, `${e}: ${gradient[e]!}, not ${expected}`);
      }
    });
  });
}
