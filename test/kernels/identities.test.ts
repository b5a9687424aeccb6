/** Identities between kernels that hold whatever the inputs are, over random shapes, on every device and version. */
import * as assert from "uvu/assert";
import fc from "fast-check";
import type { Device } from "../../kernels/devices/device.ts";
import { runEncodeTopK } from "../conformance/kernels/encode-top-k.ts";
import { createRandomData } from "../conformance/kernels/random-data.ts";
import { suite } from "../suite.ts";
import { subjects } from "./subjects.ts";

const shapes = fc
  .record({
    B: fc.integer({ min: 1, max: 20 }),
    D: fc.integer({ min: 1, max: 12 }),
    E: fc.integer({ min: 1, max: 5 }),
    M: fc.integer({ min: 1, max: 9 }),
    selected: fc.integer({ min: 1, max: 5 }),
    seed: fc.integer(),
  })
  .map(({ E, M, selected, ...rest }) => ({ ...rest, E, M, F: E * M, R: Math.min(E, selected) }));

function close(received: number, expected: number): void {
  assert.ok(Math.abs(received - expected) <= 1e-4 + 1e-4 * Math.abs(expected), `${received} is not ${expected}`);
}

/** Runs the property on a device, every draw in a scope of its own. */
function check<T>(device: Device, arbitrary: fc.Arbitrary<T>, property: (drawn: T) => void): void {
  fc.assert(
    fc.property(arbitrary, (drawn) => {
      device.tf.engine().startScope();
      try {
        property(drawn);
      } finally {
        device.tf.engine().endScope();
      }
    }),
    { seed: 1, numRuns: 40 },
  );
}

for (const subject of subjects) {
  suite(`identities: ${subject.name}`, (test) => {
    test("decode is the transpose of encode", async () => {
      const device = await subject.open();
      const { tf, kernels } = device;
      check(device, shapes, ({ B, D, F, E, R, M, seed }) => {
        const random = createRandomData(seed);
        const experts = tf.tensor2d(random.routing({ B, D, F, E, R }), [B, R], "int32");
        const acts = tf.tensor2d(random.floats(B * D), [B, D]);
        const weights = tf.tensor2d(random.floats(F * D), [F, D]);
        const values = tf.tensor3d(random.floats(B * R * M), [B, R, M]);
        const left = tf.sum(tf.mul(values, kernels.groupedEncode(acts, weights, experts, E))).dataSync()[0]!;
        const right = tf.sum(tf.mul(acts, kernels.groupedDecode(values, weights, experts, E))).dataSync()[0]!;
        close(left, right);
      });
    });

    test("the three sparse kernels compute one number", async () => {
      const device = await subject.open();
      const { tf, kernels } = device;
      check(device, shapes, ({ B, D, F, R: K, seed }) => {
        const random = createRandomData(seed);
        const indices = tf.tensor2d(random.indices(B * K, F), [B, K], "int32");
        const values = tf.tensor2d(random.floats(B * K), [B, K]);
        const weights = tf.tensor2d(random.floats(F * D), [F, D]);
        const rows = tf.tensor2d(random.floats(B * D), [B, D]);
        const byDot = tf.sum(tf.mul(values, kernels.sparseGatherDot(indices, weights, rows))).dataSync()[0]!;
        const byDecode = tf.sum(tf.mul(rows, kernels.sparseDecode(indices, values, weights))).dataSync()[0]!;
        const gradient = kernels.rowSparseAccumulate(indices, values, rows, F);
        close(byDecode, byDot);
        close(tf.sum(tf.mul(weights, gradient)).dataSync()[0]!, byDot);
      });
    });

    test("all features of the routed blocks are the pre-activations themselves", async () => {
      const device = await subject.open();
      const { tf, kernels } = device;
      check(device, shapes, ({ B, D, F, E, R, M, seed }) => {
        const random = createRandomData(seed);
        const [acts, encoder] = [random.floats(B * D), random.floats(F * D)];
        const experts = random.routing({ B, D, F, E, R });
        const gates = new Float32Array(B * R).fill(1);
        const { values_BK } = runEncodeTopK(device, { acts, encoder, experts, gates }, { B, D, F, E, R }, R * M);
        const dense = kernels.groupedEncode(
          tf.tensor2d(acts, [B, D]),
          tf.tensor2d(encoder, [F, D]),
          tf.tensor2d(experts, [B, R], "int32"),
          E,
        );
        close(tf.sum(values_BK).dataSync()[0]!, tf.sum(tf.relu(dense)).dataSync()[0]!);
      });
    });

    test("indices ascend, differ, and lie in the blocks that their slots name", async () => {
      const device = await subject.open();
      check(device, shapes, ({ B, D, F, E, R, M, seed }) => {
        const random = createRandomData(seed);
        const experts = random.routing({ B, D, F, E, R });
        const k = 1 + (Math.abs(seed) % (R * M));
        const input = {
          acts: random.integers(B * D, -2, 2),
          encoder: random.integers(F * D, -2, 2),
          experts,
          gates: random.integers(B * R, 0, 2),
        };
        const output = runEncodeTopK(device, input, { B, D, F, E, R }, k);
        const [indices, slots] = [output.indices_BK.dataSync(), output.slots_BK.dataSync()];
        for (let at = 0; at < B * k; at++) {
          if (at % k > 0) assert.ok(indices[at]! > indices[at - 1]!);
          assert.is(Math.floor(indices[at]! / M), experts[Math.floor(at / k) * R + slots[at]!]);
        }
      });
    });
  });
}
