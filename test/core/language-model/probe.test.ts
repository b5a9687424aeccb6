import { join } from "node:path";
import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
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

/** Mean loss with the rows at a point replaced, except at excluded positions. */
function expectedNats(point: string, numContexts: number, change: (value: number) => number): number {
  const losses = contexts.slice(0, numContexts).flatMap((ids) => {
    const { logits } = referencePass(model.config, tensors, ids, (at, rows) =>
      at === point ? rows.map((row, t) => (t === 0 || t === 3 ? row : row.map(change))) : rows,
    );
    return referenceLosses(logits, ids.slice(1));
  });
  assert.is(losses.length, numContexts * (T - 1));
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

suite("probe", (test, hooks) => {
  hooks.before(async () => {
    ({ tf } = await wasmDevice.open());
    const folder = await writeCheckpoint(join(temporaryFolder(), "tiny"));
    const config = await readGpt2Config(folder);
    tensors = await readGpt2Tensors(folder, config);
    model = createGpt2({ tf, config, tensors });
  });

  test("gives the reference's loss without a replacement, with zeros and with another one, at every hook", async () => {
    for (const name of hookNames) {
      for (const layer of [0, 1]) {
        const probe = probeOf({ hook: { layer, name } });
        const point = `${name}.${layer}`;
        const near = async (splice: Parameters<typeof probe.crossEntropy>[0], nats: number): Promise<void> => {
          const result = await probe.crossEntropy(splice, 3);
          assert.is(result.numTokens, 15);
          assert.ok(Math.abs(result.nats - nats) < 1e-5, `${point} ${splice.kind}: ${result.nats}, not ${nats}`);
        };
        await near(
          { kind: "original" },
          expectedNats(point, 3, (value) => value),
        );
        await near(
          { kind: "zero" },
          expectedNats(point, 3, () => 0),
        );
        const halve = (acts: tensorflow.Tensor2D): tensorflow.Tensor2D => tf.mul(acts, -0.5);
        await near(
          { kind: "replace", replace: halve },
          expectedNats(point, 3, (value) => value * -0.5),
        );
      }
    }
  });

  test("hands over the rows of included positions only, contexts in order", async () => {
    const shapes: (readonly number[])[] = [];
    const replace = (acts: tensorflow.Tensor2D): tensorflow.Tensor2D => {
      shapes.push(acts.shape);
      return acts;
    };
    await probeOf().crossEntropy({ kind: "replace", replace }, 3);
    assert.equal(shapes, [
      [8, 8],
      [4, 8],
    ]);
  });

  test("an identical replacement gives exactly the original's loss", async () => {
    const probe = probeOf();
    const original = await probe.crossEntropy({ kind: "original" }, 3);
    const same = await probe.crossEntropy({ kind: "replace", replace: (acts) => tf.clone(acts) }, 3);
    assert.is(same.nats, original.nats);
    const all = probeOf({ excludePositions: [] });
    const none = await all.crossEntropy({ kind: "replace", replace: (acts) => tf.clone(acts) }, 3);
    assert.is(none.nats, original.nats);
  });

  test("uses no more contexts than asked for", async () => {
    const probe = probeOf();
    assert.is(probe.numContexts, 3);
    const { nats, numTokens } = await probe.crossEntropy({ kind: "original" }, 2);
    assert.is(numTokens, 10);
    assert.ok(Math.abs(nats - expectedNats("", 2, (value) => value)) < 1e-5);
    assert.is((await probe.crossEntropy({ kind: "original" }, 100)).numTokens, 15);
  });

  test("runs up to the hook once, whatever comes after, and remembers fixed results", async () => {
    numPasses = 0;
    const probe = probeOf();
    const first = await probe.crossEntropy({ kind: "original" }, 3);
    for (let i = 0; i < 3; i++) await probe.crossEntropy({ kind: "replace", replace: (acts) => tf.zerosLike(acts) }, 3);
    const zero = await probe.crossEntropy({ kind: "zero" }, 3);
    assert.is(await probe.crossEntropy({ kind: "original" }, 3), first);
    assert.is(await probe.crossEntropy({ kind: "zero" }, 3), zero);
    assert.is(numPasses, 2);
  });

  test("leaves no tensor behind", async () => {
    await probeOf().crossEntropy({ kind: "zero" }, 3);
    const before = tf.memory().numTensors;
    const probe = probeOf({ hook: { layer: 1, name: "attention-out" } });
    await probe.crossEntropy({ kind: "original" }, 3);
    await probe.crossEntropy({ kind: "replace", replace: (acts) => tf.mul(acts, 2) }, 3);
    assert.is(tf.memory().numTensors, before);
  });

  test("refuses a replacement of another shape", async () => {
    const replace = (acts: tensorflow.Tensor2D): tensorflow.Tensor2D => tf.slice(acts, [0, 0], [1, 8]);
    const message = await probeOf()
      .crossEntropy({ kind: "replace", replace }, 1)
      .then(
        () => "",
        (error: unknown) => String(error),
      );
    assert.match(message, /a splice returned \[1, 8\] for activations \[4, 8\]/);
  });

  test("says that nothing was held out", async () => {
    const probe = probeOf({ ids: new Int32Array(0) });
    await rejectsWith("NO_ROWS", probe.crossEntropy({ kind: "original" }, 10));
    await rejectsWith("NO_ROWS", probeOf().crossEntropy({ kind: "original" }, 0));
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
