import { join } from "node:path";
import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { Splice } from "../../../core/data/contracts.ts";
import { readGpt2Tensors } from "../../../core/language-model/checkpoint.ts";
import type { Gpt2Tensors } from "../../../core/language-model/checkpoint.ts";
import { readGpt2Config } from "../../../core/language-model/gpt2-config.ts";
import { createGpt2 } from "../../../core/language-model/gpt2.ts";
import type { Gpt2 } from "../../../core/language-model/gpt2.ts";
import { hookNames } from "../../../core/language-model/hook-points.ts";
import { createProbe } from "../../../core/language-model/probe.ts";
import type { ProbeOptions } from "../../../core/language-model/probe.ts";
import { includedRows, spliceRows } from "../../../core/language-model/spliced-positions.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import type { Kernels } from "../../../kernels/kernels.ts";
import { suite } from "../../suite.ts";
import { rejectsWith } from "../data/expect-error.ts";
import { temporaryFolder } from "../data/temporary-folder.ts";
import { referenceLosses, referencePass } from "./gpt2-reference.ts";
import { writeCheckpoint } from "./tiny-checkpoint.ts";

const T = 6;
const contexts = [
  [3, 1, 4, 1, 5, 9],
  [2, 6, 5, 3, 5, 8],
  [19, 0, 7, 7, 18, 12],
];
let tf: typeof tensorflow;
let kernels: Kernels;
let model: Gpt2;
let tensors: Gpt2Tensors;
let numPasses = 0;

function probeOf(change: Partial<ProbeOptions> = {}): ReturnType<typeof createProbe> {
  const counted: Gpt2 = {
    ...model,
    toHook: (...args) => {
      numPasses += 1;
      return model.toHook(...args);
    },
  };
  return createProbe({
    tf,
    model: () => Promise.resolve(counted),
    hook: { layer: 0, name: "resid-post" },
    ids: Int32Array.from(contexts.flat()),
    contextLength: T,
    excludePositions: [0, 3],
    batchContexts: 2,
    ...change,
  });
}

const isExcluded = (t: number): boolean => t === 0 || t === 3;

/** The reference's logits with the rows at a point replaced, except at excluded positions. */
function expectedLogits(point: string, ids: readonly number[], change: (value: number, d: number) => number) {
  return referencePass(model.config, tensors, ids, (at, rows) =>
    at === point ? rows.map((row, t) => (isExcluded(t) ? row : row.map(change))) : rows,
  ).logits;
}

const same = (value: number): number => value;

function expectedNats(point: string, numContexts: number, change: (value: number, d: number) => number): number {
  const losses = contexts
    .slice(0, numContexts)
    .flatMap((ids) => referenceLosses(expectedLogits(point, ids, change), ids.slice(1)));
  assert.is(losses.length, numContexts * (T - 1));
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

function softmax(logits: readonly number[]): readonly number[] {
  const exponentials = logits.map((logit) => Math.exp(logit - Math.max(...logits)));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((value) => value / sum);
}

/** Mean of KL(original || changed) over the positions that predict a token, from the definition. */
function expectedKl(point: string, numContexts: number, change: (value: number, d: number) => number): number {
  const divergences = contexts.slice(0, numContexts).flatMap((ids) => {
    const changed = expectedLogits(point, ids, change);
    return expectedLogits("", ids, same)
      .slice(0, -1)
      .map((logits, t) => {
        const [p, q] = [softmax(logits), softmax(changed[t]!)];
        return p.reduce((sum, probability, v) => sum + probability * Math.log(probability / q[v]!), 0);
      });
  });
  return divergences.reduce((sum, kl) => sum + kl, 0) / divergences.length;
}

function near(received: number, expected: number, what: string): void {
  assert.ok(Math.abs(received - expected) < 1e-5, `${what}: ${received}, not ${expected}`);
}

suite("probe", (test, hooks) => {
  hooks.before(async () => {
    ({ tf, kernels } = await wasmDevice.open());
    const folder = await writeCheckpoint(join(temporaryFolder(), "tiny"));
    const config = await readGpt2Config(folder);
    tensors = await readGpt2Tensors(folder, config);
    model = createGpt2({ tf, kernels, config, tensors });
  });

  test("gives the reference's loss and divergence for every splice at every hook, all of them together", async () => {
    const mean = Array.from({ length: 8 }, (_unused, d) => Math.sin(d));
    const splices: readonly Splice[] = [
      { kind: "zero" },
      { kind: "replace", replace: (acts) => tf.mul(acts, -0.5) },
      { kind: "replace", replace: (acts) => tf.tile(tf.tensor2d([mean]), [acts.shape[0], 1]) },
    ];
    const changes = [() => 0, (value: number) => value * -0.5, (_value: number, d: number) => mean[d]!];
    for (const name of hookNames) {
      for (const layer of [0, 1]) {
        const { numTokens, originalNats, effects } = await probeOf({ hook: { layer, name } }).measure(splices, 3);
        const point = `${name}.${layer}`;
        assert.is(numTokens, 15);
        near(originalNats, expectedNats(point, 3, same), `${point} original`);
        assert.is(effects.length, 3);
        for (const [i, change] of changes.entries()) {
          near(effects[i]!.nats, expectedNats(point, 3, change), `${point} nats of splice ${i}`);
          near(effects[i]!.kl, expectedKl(point, 3, change), `${point} kl of splice ${i}`);
        }
      }
    }
  });

  test("hands over the rows of included positions only, contexts in order", async () => {
    const shapes: (readonly number[])[] = [];
    const replace = (acts: tensorflow.Tensor2D): tensorflow.Tensor2D => {
      shapes.push(acts.shape);
      return acts;
    };
    await probeOf().measure([{ kind: "replace", replace }], 3);
    assert.equal(shapes, [
      [8, 8],
      [4, 8],
    ]);
  });

  test("an identical replacement gives exactly the original's loss and no divergence", async () => {
    const identical: Splice = { kind: "replace", replace: (acts) => tf.clone(acts) };
    for (const excludePositions of [[0, 3], []]) {
      const { originalNats, effects } = await probeOf({ excludePositions }).measure([identical], 3);
      assert.equal(effects, [{ nats: originalNats, kl: 0 }]);
    }
  });

  test("uses no more contexts than asked for", async () => {
    const probe = probeOf();
    assert.is(probe.numContexts, 3);
    const { originalNats, numTokens, effects } = await probe.measure([], 2);
    assert.is(numTokens, 10);
    assert.equal(effects, []);
    near(originalNats, expectedNats("", 2, same), "original");
    assert.is((await probe.measure([], 100)).numTokens, 15);
  });

  test("a small batch of contexts gives the same means", async () => {
    const halve: Splice = { kind: "replace", replace: (acts) => tf.mul(acts, 0.5) };
    const [one, three] = await Promise.all(
      [1, 3].map((batchContexts) => probeOf({ batchContexts }).measure([halve], 3)),
    );
    near(one!.effects[0]!.nats, three!.effects[0]!.nats, "nats");
    near(one!.effects[0]!.kl, three!.effects[0]!.kl, "kl");
  });

  test("runs up to the hook once for all splices of a batch", async () => {
    numPasses = 0;
    const splices = [1, 2, 3].map((factor): Splice => ({ kind: "replace", replace: (acts) => tf.mul(acts, factor) }));
    await probeOf().measure(splices, 3);
    assert.is(numPasses, 2);
  });

  test("leaves no tensor behind", async () => {
    await probeOf().measure([{ kind: "zero" }], 3);
    const before = tf.memory().numTensors;
    const probe = probeOf({ hook: { layer: 1, name: "attention-out" } });
    await probe.measure([{ kind: "zero" }, { kind: "replace", replace: (acts) => tf.mul(acts, 2) }], 3);
    assert.is(tf.memory().numTensors, before);
  });

  test("refuses a replacement of another shape", async () => {
    const replace = (acts: tensorflow.Tensor2D): tensorflow.Tensor2D => tf.slice(acts, [0, 0], [1, 8]);
    const message = await probeOf()
      .measure([{ kind: "replace", replace }], 1)
      .then(
        () => "",
        (error: unknown) => String(error),
      );
    assert.match(message, /a splice returned \[1, 8\] for activations \[4, 8\]/);
  });

  test("says that nothing was held out", async () => {
    const probe = probeOf({ ids: new Int32Array(0) });
    await rejectsWith("NO_ROWS", probe.measure([], 10));
    await rejectsWith("NO_ROWS", probeOf().measure([], 0));
  });

  test("puts rows back at their places among the others", () => {
    assert.equal([...includedRows(2, 3, [1])], [0, 2, 3, 5]);
    assert.equal([...includedRows(1, 3, [])], [0, 1, 2]);
    const acts = tf.tensor2d([0, 1, 2, 3, 4, 5], [6, 1]);
    const replace = (rows: tensorflow.Tensor2D): tensorflow.Tensor2D => tf.mul(rows, 10);
    const spliced = spliceRows(tf, acts, includedRows(2, 3, [1]), { kind: "replace", replace });
    assert.equal([...spliced.dataSync()], [0, 1, 20, 30, 4, 50]);
    const zeroed = spliceRows(tf, acts, includedRows(2, 3, [0, 2]), { kind: "zero" });
    assert.equal([...zeroed.dataSync()], [0, 0, 2, 3, 0, 5]);
  });
});
