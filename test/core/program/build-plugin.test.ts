import * as assert from "uvu/assert";
import { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { bindValue } from "../../../core/container/binding.ts";
import { definePlugin } from "../../../core/plugin/define-plugin.ts";
import { defineService } from "../../../core/plugin/service.ts";
import { buildPlugin } from "../../../core/program/build-plugin.ts";
import { pathsRef, rngRef, shapeRef, tensorFlowRef } from "../../../core/services.ts";
import { Type } from "typebox";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import { topK } from "../../../plugins/expert/top-k.ts";
import { loadBalance } from "../../../plugins/loss/load-balance.ts";
import { adam } from "../../../plugins/optimizer/adam.ts";
import { switch as switchRouter } from "../../../plugins/router/switch.ts";
import { linearDecay } from "../../../plugins/schedule/linear-decay.ts";
import { suite } from "../../suite.ts";

async function failureOf(building: Promise<unknown>): Promise<SwitchyardError> {
  try {
    await building;
  } catch (error) {
    if (error instanceof SwitchyardError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

const shape = { width: 5, features: 8, experts: 4, featuresPerExpert: 2, selectedExperts: 1, sharedExperts: 0 };

suite("building a plugin without a config", (test) => {
  test("fills in the options that are left out, and leaves the caller's object alone", async () => {
    const given = { warmupSteps: 4 };
    const { instance, options } = await buildPlugin(linearDecay, given);
    assert.equal(options, { warmupSteps: 4, decayStart: 0.8 });
    assert.equal(given, { warmupSteps: 4 });
    assert.is(instance.multiplier(2, 100), 0.5);
    assert.is(instance.multiplier(90, 100), 0.5);
  });

  test("gives the facts of the plugin", async () => {
    const device = await cpuDevice.open();
    const { facts } = await buildPlugin(switchRouter, { experts: 3 }, { device });
    assert.equal(facts, { numExperts: 3, numSelected: 1, numShared: 0 });
    assert.equal((await buildPlugin(topK, { k: 7 }, { device })).facts, { activeFeatures: 7 });
    assert.is((await buildPlugin(adam, {}, { device })).facts, undefined);
  });

  test("gives it the services of a device and the shape", async () => {
    const device = await cpuDevice.open();
    const { instance } = await buildPlugin(loadBalance, { weight: 2 }, { device, shape });
    assert.is(instance.weight(0, 10), 2 * shape.width);
  });

  test("gives it a seed, paths and services of its own, and disposes of it once", async () => {
    const greetingRef = defineService<string>("test.greeting", "run");
    const seen: string[] = [];
    const disposed: number[] = [];
    const spy = definePlugin({
      kind: "schedule",
      name: "spy",
      version: "1",
      summary: "Looks at what it gets.",
      options: Type.Object({}),
      deps: { greeting: greetingRef, rng: rngRef, paths: pathsRef },
      create: (_options, { greeting, rng, paths }) => {
        seen.push(`${greeting} ${rng.seed} ${paths.projectFolder}`);
        return { multiplier: () => 5 };
      },
      dispose: (instance) => {
        disposed.push(instance.multiplier(0, 1));
      },
    });
    const built = await buildPlugin(
      spy,
      {},
      {
        seed: 9,
        paths: { projectFolder: "/project", cacheFolder: "/cache" },
        bindings: [bindValue(greetingRef, "hello")],
      },
    );
    assert.equal(seen, ["hello 9 /project"]);
    assert.equal(disposed, []);
    await built.dispose();
    await built.dispose();
    assert.equal(disposed, [5]);
  });

  test("names the plugin, the option and what would be right", async () => {
    const range = await failureOf(buildPlugin(linearDecay, { decayStart: 2 }));
    assert.is(range.code, "VALUE_OUT_OF_RANGE");
    assert.is(range.where, "schedule/linear-decay, decayStart");
    assert.match(range.message, /switchyard plugins schedule\/linear-decay/);
    const unknown = await failureOf(buildPlugin(linearDecay, { decayStrat: 0.5 }));
    assert.is(unknown.code, "UNKNOWN_KEY");
    const missing = await failureOf(buildPlugin(topK, {}));
    assert.is(missing.code, "MISSING_KEY");
    assert.match(missing.message, /k/);
  });

  test("says all that is wrong with the options at once", async () => {
    const { message } = await failureOf(buildPlugin(linearDecay, { decayStart: 2, warmupSteps: -1 }));
    assert.match(message, /decayStart/);
    assert.match(message, /warmupSteps/);
  });

  test("names a service that nobody gives", async () => {
    const error = await failureOf(buildPlugin(loadBalance, {}, { device: await cpuDevice.open() }));
    assert.is(error.code, "CONTAINER_GRAPH");
    assert.match(error.message, new RegExp(shapeRef.id));
    assert.match((await failureOf(buildPlugin(topK, { k: 1 }))).message, new RegExp(tensorFlowRef.id));
  });
});
