import { availableParallelism } from "node:os";
import { Type } from "typebox";
import * as assert from "uvu/assert";
import type { RunConfig, ValueSource } from "../../../core/config/config.ts";
import { createRng } from "../../../core/model/rng.ts";
import { definePlugin } from "../../../core/plugin/define-plugin.ts";
import type { AnyPlugin } from "../../../core/plugin/define-plugin.ts";
import { defineService } from "../../../core/plugin/service.ts";
import { createProcessorShare } from "../../../core/run/processor-share.ts";
import { prepareSource } from "../../../core/run/prepare-source.ts";
import {
  evaluatorRef,
  lossRef,
  modelRef,
  optimizerRef,
  routerRef,
  trackerRef,
} from "../../../core/run/run-services.ts";
import { createRunScope, createSweepScope } from "../../../core/run/scopes.ts";
import type { ScopeInput } from "../../../core/run/scopes.ts";
import { createRunFolder } from "../../../core/run/create-run-folder.ts";
import * as services from "../../../core/services.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import { suite } from "../../suite.ts";
import { temporaryFolder, tinyCatalogue, tinyConfig, tinyRun } from "./fixtures.ts";

const shape = tinyRun().shape;

async function inputOf(config: RunConfig, plugins: readonly AnyPlugin[] = []): Promise<ScopeInput> {
  const folder = temporaryFolder();
  const sources = new Map<string, ValueSource>([
    ["losses.1.type", { origin: "a.yaml", line: 9, column: 5 }],
    ["training.schedule", { origin: "command line", word: "training.schedule=greedy" }],
  ]);
  const paths = { projectFolder: folder, cacheFolder: folder };
  return { config, sources, catalogue: await tinyCatalogue(folder, plugins), paths };
}

/** A schedule that notes when it is built and disposed of. */
function noting(log: string[], deps: AnyPlugin["deps"] = {}): AnyPlugin {
  return definePlugin({
    kind: "schedule",
    name: "noting",
    version: "1",
    summary: "Notes what happens to it.",
    options: Type.Object({}),
    deps,
    create: () => {
      log.push("built");
      return { multiplier: () => 1 };
    },
    dispose: () => {
      log.push("disposed");
    },
  });
}

const withSchedule = (type: string): RunConfig => {
  const config = tinyConfig();
  return { ...config, training: { ...config.training, schedule: { type } } };
};

suite("the container of a run", (test) => {
  test("provides what plugins may ask for, and the plugins that the config names", async () => {
    const input = await inputOf(tinyConfig({ trackers: [{ type: "csv", file: "a.csv" }] }));
    const sweep = await createSweepScope(input, () => undefined);
    const run = await createRunScope(input, sweep, { shape, folder: "/r" });
    assert.is((await run.get(services.deviceRef)).name, "cpu");
    assert.is(await run.get(services.tensorFlowRef), (await sweep.get(services.deviceRef)).tf);
    assert.is(await run.get(services.kernelsRef), (await sweep.get(services.deviceRef)).kernels);
    assert.is((await run.get(services.sourceRef)).width, 6);
    assert.equal(await run.get(services.pathsRef), input.paths);
    assert.equal([await run.get(services.shapeRef), await run.get(services.runFolderRef)], [shape, "/r"]);
    const rng = await run.get(services.rngRef);
    assert.is(rng.stream("x").uniform(), createRng(tinyConfig().seed).stream("x").uniform());
    assert.equal(Object.keys((await run.get(routerRef)).initialise(shape, rng)), ["weight", "input_bias"]);
    assert.is((await run.get(optimizerRef)).learningRate, 0.01);
    assert.is((await run.get(lossRef(1))).weight(0, 1000), 0.1 * shape.width);
    assert.ok(Object.keys((await run.get(evaluatorRef(0))).metrics).includes("mse"));
    assert.ok("step" in (await run.get(trackerRef(0))));
    const model = await run.get(modelRef);
    assert.equal(model.parameters.get("encoder").shape, [16, 6]);
    await sweep.dispose();
    assert.ok(model.parameters.get("encoder").isDisposed, "the model's memory is given back");
  });

  test("tells a plugin how many threads there are when the plugin is built", async () => {
    const threaded = definePlugin({
      kind: "device",
      name: "threaded",
      version: "1",
      summary: "Tells its threads.",
      options: Type.Object({}),
      deps: { threads: services.threadsRef },
      create: async ({}, { threads }) => ({ ...(await cpuDevice.open()), description: `${threads} threads` }),
    });
    const input = await inputOf(tinyConfig({ device: { type: "threaded" } }), [threaded]);
    const share = createProcessorShare(2);
    const sweep = await createSweepScope(input, () => undefined, share);
    share.set(3);
    assert.is((await sweep.get(services.deviceRef)).description, "3 threads");
    await sweep.dispose();
    const alone = await createSweepScope(input, () => undefined);
    assert.is((await alone.get(services.deviceRef)).description, `${availableParallelism()} threads`);
    await alone.dispose();
  });

  test("builds nothing that is not asked for, and disposes of what it built", async () => {
    const log: string[] = [];
    const input = await inputOf(withSchedule("noting"), [noting(log)]);
    for (const isAsked of [false, true]) {
      const sweep = await createSweepScope(input, () => undefined);
      const run = await createRunScope(input, sweep, { shape, folder: "/r" });
      const { scheduleRef } = await import("../../../core/run/run-services.ts");
      if (isAsked) await run.get(scheduleRef);
      await sweep.dispose();
      assert.equal(log, isAsked ? ["built", "disposed"] : []);
    }
  });

  test("names the config's place of a plugin whose dependency nobody provides, before anything is built", async () => {
    const log: string[] = [];
    const unknown = defineService<string>("lab.calendar", "run");
    const input = await inputOf(withSchedule("noting"), [noting(log, { calendar: unknown })]);
    const sweep = await createSweepScope(input, () => undefined);
    await rejects(
      createRunScope(input, sweep, { shape, folder: "/r" }),
      /schedule\/noting needs lab\.calendar[\s\S]*training\.schedule=greedy[\s\S]*\[CONTAINER_GRAPH\]/,
    );
    assert.equal(log, []);
    await sweep.dispose();
  });

  test("knows no plugin that the catalogue does not", async () => {
    const input = await inputOf(tinyConfig({ source: { type: "nosie" } }));
    await rejects(
      createSweepScope(input, () => undefined),
      /Did you mean "noise"\?/,
    );
  });
});

suite("preparing a source", (test) => {
  const slow = definePlugin({
    kind: "source",
    name: "slow",
    version: "1",
    summary: "Reports progress.",
    options: Type.Object({}),
    deps: { progress: services.sourceProgressRef, threads: services.threadsRef },
    facts: () => ({ width: 6, fingerprint: "slow", description: "" }),
    create: ({}, { progress, threads }) => {
      progress(1, 2, "reading");
      progress(2, 2, `reading on ${threads} threads`);
      return { width: 6, train: empty, heldOut: empty };
    },
  });
  const empty = { numRows: 0, width: 6, read: () => Promise.resolve() };

  test("builds it from a run's folder, with the threads given, and hands its progress on", async () => {
    const folder = `${temporaryFolder()}/r`;
    createRunFolder(folder, "tiny", tinyRun(tinyConfig({ source: { type: "slow" } })));
    const seen: string[] = [];
    await prepareSource({
      source: { fingerprint: "slow", folder, runs: [] },
      catalogue: await tinyCatalogue(folder, [slow]),
      paths: { projectFolder: folder, cacheFolder: folder },
      progress: (done, total, what) => seen.push(`${what} ${done}/${total}`),
      resources: { share: createProcessorShare(5) },
    });
    assert.equal(seen, ["reading 1/2", "reading on 5 threads 2/2"]);
  });

  test("of a folder that is no run fails with the file", async () => {
    const folder = temporaryFolder();
    await rejects(
      prepareSource({
        source: { fingerprint: "slow", folder, runs: [] },
        catalogue: await tinyCatalogue(folder),
        paths: { projectFolder: folder, cacheFolder: folder },
        progress: () => undefined,
      }),
      /RUN_FOLDER_BROKEN[\s\S]*config\.yaml/,
    );
  });
});

async function rejects(promise: Promise<unknown>, pattern: RegExp): Promise<void> {
  await promise.then(
    () => {
      assert.unreachable();
    },
    (error: unknown) => {
      assert.match(String(error), pattern);
    },
  );
}
