import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import type { PluginChoice } from "../../../core/config/config.ts";
import { writeSafetensors } from "../../../core/data/safetensors.ts";
import { createRoutingRecorder, readRoutingMoments, routingSteps } from "../../../core/run/routing-record.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import { suite } from "../../suite.ts";
import { rejectsWith } from "../data/expect-error.ts";
import { memoryStore } from "../evaluation/fixtures.ts";
import { makeModel, normalRows } from "../model/make-model.ts";
import { temporaryFolder } from "./fixtures.ts";

const width = 5;

async function recorderOf(router: PluginChoice, runFolder: string, numRows = 40) {
  const { tf, kernels } = await cpuDevice.open();
  const model = makeModel({ tf, kernels, width, features: 12, router, expert: { type: "top-k", k: 2 } });
  const values = normalRows(numRows, width, 3);
  const heldOut = memoryStore(
    Array.from({ length: numRows }, (_unused, n) => [...values.subarray(n * width, (n + 1) * width)]),
    width,
  );
  const record = createRoutingRecorder({ tf, model, heldOut, runFolder, totalSteps: 20 });
  return { tf, model, heldOut, values, record };
}

suite("the record of a routing", (test) => {
  test("has ten moments of a long training, and every step of a short one", () => {
    assert.equal(routingSteps(400), [40, 80, 120, 160, 200, 240, 280, 320, 360, 400]);
    assert.equal(routingSteps(3), [1, 2, 3]);
    assert.equal(routingSteps(1), [1]);
    assert.is(routingSteps(100_001).at(-1), 100_001);
  });

  test("holds the experts of the first held-out rows, ascending in a row, at those steps alone", async () => {
    const folder = temporaryFolder();
    const { tf, model, heldOut, values, record } = await recorderOf({ type: "top-e", experts: 4, e: 2 }, folder);
    const before = tf.memory().numTensors;
    for (let step = 1; step <= 5; step++) await record!(step);
    assert.is(tf.memory().numTensors, before);
    assert.equal(readdirSync(join(folder, "routing")), ["step-00000002.safetensors", "step-00000004.safetensors"]);
    assert.equal(heldOut.reads, [[0, 40]]);
    const moments = await readRoutingMoments(folder);
    assert.equal(
      moments.map(({ step, numRows }) => [step, numRows]),
      [
        [2, 40],
        [4, 40],
      ],
    );
    const routed = tf.tidy(() => model.forward(tf.tensor2d(values, [40, width])).routing.expertIndices_BR.arraySync());
    const expected = routed.flatMap((experts) => [...experts].sort((a, b) => a - b));
    assert.equal([...moments[0]!.experts_NR], expected);
    assert.ok(
      routed.some(([first, second]) => first! > second!),
      "the example is telling",
    );
    model.parameters.dispose();
  });

  test("writes the same bytes when a step is made again", async () => {
    const folder = temporaryFolder();
    const file = join(folder, "routing", "step-00000002.safetensors");
    const bytes: Buffer[] = [];
    for (let time = 0; time < 2; time++) {
      const { record } = await recorderOf({ type: "switch", experts: 4 }, folder);
      await record!(2);
      bytes.push(readFileSync(file));
    }
    assert.ok(bytes[0]!.equals(bytes[1]!));
  });

  test("is not made where there is nothing to choose, and is none before the first moment", async () => {
    const folder = temporaryFolder();
    assert.is((await recorderOf({ type: "none" }, folder)).record, undefined);
    assert.equal(await readRoutingMoments(folder), []);
  });

  test("names a file that holds something else", async () => {
    const folder = temporaryFolder();
    const file = join(folder, "routing", "step-00000002.safetensors");
    await writeSafetensors(file, { experts: { shape: [2], data: Float32Array.of(1, 2) } });
    const error = await rejectsWith("RUN_FOLDER_BROKEN", readRoutingMoments(folder));
    assert.is(error.where, file);
  });
});
