import * as assert from "uvu/assert";
import type { Gpu } from "../../../core/run/gpu-slots.ts";
import { checkAssignedGpu, createGpuSlots } from "../../../core/run/gpu-slots.ts";
import { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { suite } from "../../suite.ts";

const two: readonly Gpu[] = [
  { adapter: "NVIDIA H100", env: { A: "0" }, slots: 2 },
  { env: { A: "1" }, slots: 1 },
];

suite("the GPU slots of an executor", (test) => {
  test("give the free GPU with the fewest runs, the first of equals, until all are taken", () => {
    const slots = createGpuSlots(two);
    assert.is(slots.numSlots, 3);
    const taken = [slots.take({}), slots.take({}), slots.take({}), slots.take({})];
    assert.equal(taken, [
      { index: 0, adapter: "NVIDIA H100", env: { A: "0" } },
      { index: 1, env: { A: "1" } },
      { index: 0, adapter: "NVIDIA H100", env: { A: "0" } },
      undefined,
    ]);
  });

  test("give again what was given back", () => {
    const slots = createGpuSlots([{ env: {}, slots: 1 }]);
    const first = slots.take({});
    assert.ok(first !== undefined);
    assert.is(slots.take({}), undefined);
    slots.release(first);
    assert.equal(slots.take({}), first);
  });

  test("give a run that names its GPU one of that name, however it is spelt, or one without a name", () => {
    const named = createGpuSlots([
      { adapter: "Radeon", env: {}, slots: 1 },
      { adapter: "NVIDIA H100 PCIe", env: {}, slots: 1 },
    ]);
    assert.is(named.take({ adapter: "nvidia-h100" })?.index, 1);
    assert.is(named.take({ adapter: "nvidia-h100" }), undefined, "taken, so the run waits");
    assert.is(named.take({ adapter: "AMD Radeon RX" })?.index, 0);
    assert.is(createGpuSlots([{ env: {}, slots: 1 }]).take({ adapter: "anything" })?.index, 0);
  });

  test("refuse a run whose GPU is none of theirs", () => {
    const slots = createGpuSlots([{ adapter: "H100", env: {}, slots: 1 }]);
    assert.throws(
      () => slots.take({ adapter: "Radeon" }),
      (error: unknown) =>
        error instanceof SwitchyardError && error.code === "GPU_NOT_ASSIGNED" && /part of: H100/.test(error.message),
    );
  });
});

suite("the check of an assigned GPU", (test) => {
  const assigned = { index: 2, adapter: "H100 PCIe", env: {} };

  test("passes where the device opened it, or cannot tell, or nothing was named", () => {
    checkAssignedGpu(assigned, "nvidia-h100-pcie, NVIDIA 550.54");
    checkAssignedGpu(assigned, undefined);
    checkAssignedGpu({ index: 0, env: {} }, "a card");
    checkAssignedGpu(undefined, "a card");
  });

  test("throws where the device opened another one, with both names", () => {
    assert.throws(
      () => {
        checkAssignedGpu(assigned, "swiftshader");
      },
      (error: unknown) => {
        assert.ok(error instanceof SwitchyardError);
        const { code, where, expected, received } = error;
        assert.equal(
          { code, where, expected, received },
          { code: "GPU_NOT_ASSIGNED", where: "executor.gpus.2", expected: "H100 PCIe", received: "swiftshader" },
        );
        return true;
      },
    );
  });
});
