import * as assert from "uvu/assert";
import { makeBatches } from "../../../bench/step/batches.ts";
import { createPhaseClock, finishStep, measureSteps } from "../../../bench/step/measure-steps.ts";
import { createRecipe } from "../../../bench/step/recipe.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import { suite } from "../../suite.ts";

suite("measured steps", (test) => {
  test("give phases the time until the next one, and none to what is outside of steps", () => {
    let time = 0;
    const clock = createPhaseClock(() => time);
    const spend = (phase: Parameters<typeof clock.onPhase>[0], ms: number): void => {
      clock.onPhase(phase);
      time += ms;
    };
    spend("data", 100);
    spend("project", 1);
    spend("forward", 2);
    spend("backward", 4);
    spend("forward", 8);
    spend("other", 100);
    assert.equal(clock.take(), { project: 1, forward: 10, backward: 4 });
    spend("update", 3);
    assert.equal(clock.take(), { update: 3 });
  });

  test("are the product's, one record a step, with every phase in it", async () => {
    const device = await cpuDevice.open();
    const size = { B: 16, D: 8, F: 32, E: 4, K: 2 };
    const recipe = createRecipe(device, size);
    const seen: number[] = [];
    const steps = await measureSteps({
      ...{ recipe, size, batches: await makeBatches(size, 2), steps: 3 },
      before: (measured) => void seen.push(measured.length),
    });
    recipe.dispose();
    assert.equal(seen, [0, 1, 2]);
    assert.equal(
      steps.map(({ step }) => step),
      [1, 2, 3],
    );
    for (const { phases, stepMs } of steps) {
      assert.equal(Object.keys(phases), ["project", "forward", "backward", "norm", "update"]);
      const sum = Object.values(phases).reduce((total, ms) => total + ms, 0);
      assert.ok(sum <= stepMs + 1, `${sum} of ${stepMs} ms`);
    }
  });

  test("end with a number of every parameter", async () => {
    const device = await cpuDevice.open();
    const recipe = createRecipe(device, { B: 16, D: 8, F: 32, E: 4, K: 2 });
    const numTensors = device.tf.memory().numTensors;
    const expected = recipe.model.parameters.all.map(({ variable }) => variable.dataSync()[0]);
    assert.equal(finishStep(recipe), expected);
    assert.is(device.tf.memory().numTensors, numTensors);
    recipe.dispose();
  });

  test("are served the same batches every time", async () => {
    const [one, other] = [await makeBatches({ B: 4, D: 8 }, 2), await makeBatches({ B: 4, D: 8 }, 2)];
    assert.equal(one, other);
    assert.not.equal(one[0], one[1]);
    assert.ok(one.every((batch) => batch.length === 32 && batch.every(Number.isFinite)));
  });
});
