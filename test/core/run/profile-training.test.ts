import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { Type } from "typebox";
import * as assert from "uvu/assert";
import { definePlugin } from "../../../core/plugin/define-plugin.ts";
import type { AnyPlugin } from "../../../core/plugin/define-plugin.ts";
import type { RunConfig } from "../../../core/config/config.ts";
import type { RunEvent, RunOutcome } from "../../../core/run/contracts.ts";
import { createRunFolder } from "../../../core/run/create-run-folder.ts";
import { executeRun } from "../../../core/run/execute-run.ts";
import { readJsonNow } from "../../../core/run/json-file.ts";
import { warmupOf } from "../../../core/run/profile-training.ts";
import type { RunProfile } from "../../../core/run/run-profile.ts";
import type { PhaseProfile } from "../../../core/training/step-profile.ts";
import { suite } from "../../suite.ts";
import { temporaryFolder, tinyCatalogue, tinyConfig, tinyRun } from "./fixtures.ts";

interface Executed {
  readonly folder: string;
  readonly outcome: RunOutcome;
  readonly events: readonly RunEvent[];
  readonly profile: RunProfile | undefined;
}

interface Choice {
  readonly isProfiled?: boolean;
  /** Of an earlier attempt; a new one otherwise. */
  readonly folder?: string;
  readonly config?: RunConfig;
  readonly plugins?: readonly AnyPlugin[];
  readonly stopAfterStep?: number;
}

async function execute(choice: Choice = {}): Promise<Executed> {
  const folder = choice.folder ?? join(temporaryFolder(), "experts=2-01234567");
  createRunFolder(folder, "tiny", tinyRun(choice.config ?? tinyConfig()));
  const events: RunEvent[] = [];
  const stop = new AbortController();
  const outcome = await executeRun({
    job: { id: "0123456789ab", name: "experts=2", folder, isProfiled: choice.isProfiled ?? true },
    catalogue: await tinyCatalogue(temporaryFolder(), choice.plugins),
    paths: { projectFolder: folder, cacheFolder: join(folder, "cache") },
    signal: stop.signal,
    onEvent: (event) => {
      events.push(event);
      if (event.type === "step" && event.record.step === choice.stopAfterStep) stop.abort();
    },
  });
  const found = events.find((event) => event.type === "profile");
  return { folder, outcome, events, profile: found?.type === "profile" ? found.profile : undefined };
}

const checkpoint = (folder: string): Buffer => readFileSync(join(folder, "checkpoints/step-00000012.safetensors"));

function kernelsOf(profile: RunProfile, name: string): readonly string[] {
  return phaseOf(profile, name).kernels.map((kernel) => [...kernel.within, kernel.name].join("/"));
}

function phaseOf(profile: RunProfile, name: string): PhaseProfile {
  const found = profile.phases.find(({ phase }) => phase === name);
  if (found === undefined) throw new Error(`no phase ${name}`);
  return found;
}

suite("profiling a run", (test) => {
  test("reports once, between training and evaluation, what profile.json holds", async () => {
    const { folder, outcome, events, profile } = await execute();
    assert.is(outcome.outcome, "done");
    const types = events.map(({ type }) => type).filter((type) => type !== "step");
    assert.equal(types, ["training", "profile", "evaluating"]);
    assert.equal(readJsonNow(join(folder, "attempts/1/profile.json")), JSON.parse(JSON.stringify(profile)));
    assert.match(readFileSync(join(folder, "attempts/1/log.txt"), "utf8"), /profiled 7 steps of \d+\.\d\d ms/);
  });

  test("tells the phases of a step and the kernels of each", async () => {
    const { profile } = await execute();
    assert.ok(profile !== undefined);
    assert.equal([profile.steps, profile.warmupSteps], [7, 5]);
    assert.match(profile.device, /^cpu/);
    assert.ok(profile.machine.flopsPerSecond > 1e6 && profile.machine.bytesPerSecond > 1e6);
    assert.ok(kernelsOf(profile, "forward").includes("SwitchyardEncodeTopK"));
    assert.ok(kernelsOf(profile, "forward").includes("SwitchyardSparseDecode"));
    assert.ok(kernelsOf(profile, "backward").includes("SwitchyardRowSparseAccumulate"));
    assert.equal(kernelsOf(profile, "project"), ["SwitchyardNormaliseRows"]);
    assert.ok(kernelsOf(profile, "norm").includes("SwitchyardNorm"));
    assert.ok(kernelsOf(profile, "update").includes("SwitchyardAdamStep"));
    const encode = phaseOf(profile, "forward").kernels.find(({ name }) => name === "SwitchyardEncodeTopK");
    // 8 rows, each through its expert's 8 features of 6 numbers.
    assert.equal([encode?.calls, encode?.flops], [1, 2 * 8 * 8 * 6]);
    for (const { phase, ms, kernels } of profile.phases) {
      const inKernels = kernels.reduce((sum, { ownMs }) => sum + ownMs, 0);
      assert.ok(inKernels <= ms, `${phase}: ${inKernels} of ${ms}`);
    }
    const sum = profile.phases.reduce((total, { ms }) => total + ms, 0);
    assert.ok(Math.abs(sum - profile.stepMs) < 1e-9 * sum);
  });

  test(
    "changes neither a bit of the result nor the id, and stops when training has ended",
    async () => {
      const before = new Map(tf.getKernelsForBackend("cpu").map((config) => [config.kernelName, config.kernelFunc]));
      const profiled = await execute();
      const plain = await execute({ isProfiled: false });
      assert.is(plain.profile, undefined);
      assert.ok(checkpoint(profiled.folder).equals(checkpoint(plain.folder)));
      for (const file of ["run.json", "config.yaml"]) {
        assert.is(readFileSync(join(profiled.folder, file), "utf8"), readFileSync(join(plain.folder, file), "utf8"));
      }
      assert.ok(before.size > 80);
      for (const { kernelName, kernelFunc } of tf.getKernelsForBackend("cpu")) {
        assert.is(kernelFunc, before.get(kernelName), kernelName);
      }
    },
    { timeoutMs: 60_000 },
  );

  test(
    "counts the steps of this attempt alone, also when it is interrupted",
    async () => {
      const first = await execute({ stopAfterStep: 8 });
      assert.equal([first.outcome.outcome, first.profile?.steps], ["interrupted", 3]);
      const second = await execute({ folder: first.folder });
      assert.equal([second.outcome.outcome, second.profile?.steps, second.profile?.warmupSteps], ["done", 2, 2]);
      const plain = await execute({ isProfiled: false });
      assert.ok(checkpoint(first.folder).equals(checkpoint(plain.folder)));
    },
    { timeoutMs: 60_000 },
  );

  test("of a run that has no step left says nothing", async () => {
    const { folder } = await execute({ isProfiled: false });
    const again = await execute({ folder });
    assert.equal([again.outcome.outcome, again.profile], ["done", undefined]);
    assert.is(readJsonNow(join(folder, "attempts/2/profile.json")), undefined);
  });

  test("stops timing when training fails", async () => {
    const fragile = definePlugin({
      kind: "loss",
      name: "fragile",
      version: "1",
      summary: "Throws.",
      options: Type.Object({}),
      create: () => ({
        weight: () => 1,
        compute: () => {
          throw new RangeError("this loss always throws");
        },
      }),
    });
    const before = tf.getKernel("Sum", "cpu");
    const { outcome, profile } = await execute({
      config: tinyConfig({ losses: [{ type: "fragile" }] }),
      plugins: [fragile],
    });
    assert.equal([outcome.outcome, profile], ["failed", undefined]);
    assert.is(tf.getKernel("Sum", "cpu"), before);
  });

  test("leaves out half of a short run, and five steps of a long one", () => {
    assert.equal([1, 2, 9, 10, 1000].map(warmupOf), [0, 1, 4, 5, 5]);
  });
});
