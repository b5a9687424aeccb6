import * as assert from "uvu/assert";
import type { TrainingPhase } from "../../../core/training/phases.ts";
import { stepPhases } from "../../../core/training/phases.ts";
import { createStepProfiler } from "../../../core/training/step-profile.ts";
import type { PhaseProfile, StepProfile, StepProfiler } from "../../../core/training/step-profile.ts";
import { suite } from "../../suite.ts";

interface Clocked extends StepProfiler {
  /** Spends milliseconds in a phase. */
  spend(phase: TrainingPhase, ms: number): void;
  /** Calls a kernel in the present phase. */
  call(name: string, ownMs: number, options?: { readonly within?: readonly string[]; readonly totalMs?: number }): void;
}

function clocked(warmupSteps: number): Clocked {
  let time = 1000;
  const profiler = createStepProfiler({ warmupSteps, now: () => time });
  return {
    ...profiler,
    spend: (phase, ms) => {
      profiler.onPhase(phase);
      time += ms;
    },
    call: (name, ownMs, { within = [], totalMs = ownMs } = {}) => {
      profiler.onKernel({ name, within, ownMs, totalMs, flops: 2 * ownMs, bytes: 3 * ownMs });
    },
  };
}

function phaseOf(profile: StepProfile | undefined, name: string): PhaseProfile {
  const found = profile?.phases.find(({ phase }) => phase === name);
  if (found === undefined) throw new Error(`no phase ${name}`);
  return found;
}

suite("profile of steps", (test) => {
  test("is the mean time of every phase, in the order of a step, which add up to the step", () => {
    const profiler = clocked(0);
    for (const factor of [1, 3]) {
      profiler.spend("data", factor);
      profiler.spend("forward", 10 * factor);
      profiler.spend("backward", 20 * factor);
      profiler.spend("other", 5 * factor);
    }
    const profile = profiler.finish();
    assert.equal(
      profile?.phases.map(({ phase }) => phase),
      [...stepPhases],
    );
    assert.equal(
      profile?.phases.map(({ ms }) => ms),
      [2, 0, 20, 40, 0, 0, 10],
    );
    assert.equal([profile?.steps, profile?.warmupSteps, profile?.stepMs], [2, 0, 72]);
  });

  test("leaves out the steps that warm up, with their kernels", () => {
    const profiler = clocked(2);
    for (const ms of [1000, 100, 10, 20]) {
      profiler.spend("data", 1);
      profiler.spend("forward", ms);
      profiler.call("Sum", ms);
    }
    const profile = profiler.finish();
    assert.equal([profile?.steps, profile?.warmupSteps], [2, 2]);
    assert.is(phaseOf(profile, "forward").ms, 15);
    assert.equal(
      [phaseOf(profile, "forward").kernels[0]?.ownMs, phaseOf(profile, "forward").kernels[0]?.calls],
      [15, 1],
    );
  });

  test("leaves out checkpoints, with their kernels", () => {
    const profiler = clocked(0);
    profiler.spend("data", 1);
    profiler.spend("update", 4);
    profiler.spend("checkpoint", 500);
    profiler.call("Sum", 400);
    profiler.spend("other", 2);
    const profile = profiler.finish();
    assert.is(profile?.stepMs, 7);
    assert.ok(profile?.phases.every(({ kernels }) => kernels.length === 0));
  });

  test("leaves out what comes before the first step and after the last", () => {
    const profiler = clocked(0);
    profiler.call("Sum", 4);
    profiler.spend("data", 1);
    const profile = profiler.finish();
    profiler.call("Sum", 4);
    assert.is(profile?.stepMs, 1);
    assert.equal(phaseOf(profile, "data").kernels, []);
  });

  test("adds up the calls of a kernel in a phase, by the kernels that it was called in, slowest first", () => {
    const profiler = clocked(0);
    for (let step = 0; step < 2; step++) {
      profiler.spend("data", 1);
      profiler.spend("forward", 30);
      profiler.call("MatMul", 1);
      profiler.call("MatMul", 8, { within: ["Encode"] });
      profiler.call("MatMul", 8, { within: ["Encode"] });
      profiler.call("Encode", 4, { totalMs: 20 });
      profiler.spend("backward", 9);
      profiler.call("MatMul", 2);
    }
    const profile = profiler.finish();
    assert.equal(phaseOf(profile, "forward").kernels, [
      { name: "MatMul", within: ["Encode"], calls: 2, ownMs: 16, totalMs: 16, flops: 32, bytes: 48 },
      { name: "Encode", within: [], calls: 1, ownMs: 4, totalMs: 20, flops: 8, bytes: 12 },
      { name: "MatMul", within: [], calls: 1, ownMs: 1, totalMs: 1, flops: 2, bytes: 3 },
    ]);
    assert.is(phaseOf(profile, "backward").kernels[0]?.ownMs, 2);
  });

  test("counts a kernel that not every step calls by its mean", () => {
    const profiler = clocked(0);
    for (const isClipped of [true, false, false, false]) {
      profiler.spend("data", 1);
      profiler.spend("norm", 8);
      if (isClipped) profiler.call("Multiply", 8);
    }
    const [multiply] = phaseOf(profiler.finish(), "norm").kernels;
    assert.equal([multiply?.calls, multiply?.ownMs], [0.25, 2]);
  });

  test("is none when no step was made but those that warm up", () => {
    assert.is(clocked(0).finish(), undefined);
    const profiler = clocked(3);
    for (let step = 0; step < 3; step++) profiler.spend("data", 1);
    assert.is(profiler.finish(), undefined);
  });
});
