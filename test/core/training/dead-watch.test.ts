import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { createParameters } from "../../../core/model/create-parameters.ts";
import { createDeadWatch } from "../../../core/training/dead-watch.ts";
import type { DeadWatch } from "../../../core/training/dead-watch.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import { suite } from "../../suite.ts";

suite("watch over dead features", (test, hooks) => {
  let tf: typeof tensorflow;
  hooks.before(async () => {
    ({ tf } = await cpuDevice.open());
  });
  const parametersOf = (since: number[]) =>
    createParameters({
      tf,
      inits: new Map([
        ["steps_since_active", { shape: [since.length], values: Float32Array.from(since), trainable: false }],
      ]),
      shared: [],
    });
  const watchOf = (since: number[], config: { batchSize: number; deadAfterRows?: number }): Promise<DeadWatch> =>
    createDeadWatch(parametersOf(since), config);
  const measured = (watch: DeadWatch, next: number[]): number[] =>
    tf.tidy(() => watch.measure(tf, new Map([["steps_since_active", tf.tensor1d(next)]])).map((s) => s.dataSync()[0]!));

  test("counts in steps: the rows divided by those of a batch, rounded up", async () => {
    assert.is((await watchOf([0], { batchSize: 32, deadAfterRows: 96 })).window, 3);
    assert.is((await watchOf([0], { batchSize: 32, deadAfterRows: 97 })).window, 4);
    assert.is((await watchOf([0], { batchSize: 4096 })).window, Math.ceil(10_000_000 / 4096));
  });
  test("finds features dead that were silent for that many steps", async () => {
    const watch = await watchOf([0, 0, 0, 0], { batchSize: 32, deadAfterRows: 96 });
    assert.equal(measured(watch, [0, 2, 3, 7]), [2, 7]);
    assert.is(watch.note([2, 7]), 2);
  });
  test("tells of dead features only in the step in which one can first be dead", async () => {
    const watch = await watchOf([0, 0], { batchSize: 32, deadAfterRows: 96 });
    assert.is(watch.deadAfterSteps, undefined);
    watch.note([0, 1]);
    assert.is(watch.deadAfterSteps, undefined);
    // Silent for two steps: a third makes it dead.
    watch.note([0, 2]);
    assert.is(watch.deadAfterSteps, 3);
    watch.note([0, 0]);
    assert.is(watch.deadAfterSteps, undefined);
  });
  test("goes on from the stored counts of a resumed run", async () => {
    assert.is((await watchOf([0, 2], { batchSize: 32, deadAfterRows: 96 })).deadAfterSteps, 3);
    assert.is((await watchOf([0, 1], { batchSize: 32, deadAfterRows: 96 })).deadAfterSteps, undefined);
  });
  test("takes counts anew that something else changed", async () => {
    const parameters = parametersOf([0, 7]);
    const watch = await createDeadWatch(parameters, { batchSize: 32, deadAfterRows: 96 });
    assert.is(watch.deadAfterSteps, 3);
    parameters.get("steps_since_active").assign(tf.tensor1d([1, 0]));
    await watch.refresh();
    assert.is(watch.deadAfterSteps, undefined);
  });
  test("finds every silent feature dead at once where a batch is as long as the window", async () => {
    const watch = await watchOf([0, 0], { batchSize: 32, deadAfterRows: 10 });
    assert.is(watch.deadAfterSteps, 1);
    assert.equal(measured(watch, [0, 1]), [1, 1]);
  });
});
