import * as assert from "uvu/assert";
import { explanations } from "../../core/errors/codes.ts";
import { fromKernelError } from "../../core/errors/from-kernel-error.ts";
import { SwitchyardError } from "../../core/errors/switchyard-error.ts";
import { KernelError, kernelErrorCodes } from "../../kernels/kernel-error.ts";
import { suite } from "../suite.ts";

suite("kernel errors", (test) => {
  test("say where, what was expected, what arrived and what to do", () => {
    const error = new KernelError("KERNEL_SHAPE", "Wrong.", {
      where: "op: x",
      expected: "[2]",
      received: "[3]",
      next: "Change x.",
    });
    assert.is(
      error.message,
      "Wrong. [KERNEL_SHAPE]\n  where     op: x\n  expected  [2]\n  received  [3]\n  next      Change x.",
    );
  });

  test("leave out what is not known", () => {
    assert.is(new KernelError("KERNEL_DTYPE", "Wrong.").message, "Wrong. [KERNEL_DTYPE]");
  });

  test("have an explanation for every code", () => {
    assert.is(kernelErrorCodes.length, 9);
    for (const code of kernelErrorCodes) {
      const explanation = explanations[code];
      assert.ok(explanation, code);
      assert.ok(explanation.title !== "" && explanation.why !== "" && explanation.fix !== "", code);
    }
  });

  test("become core's error with the same fields", () => {
    const cause = new KernelError("DEVICE_UNAVAILABLE", "No.", { where: "device x", next: "Buy one." });
    const error = fromKernelError(cause);
    assert.ok(error instanceof SwitchyardError);
    assert.equal(
      [error.code, error.summary, error.where, error.expected, error.next, error.cause],
      ["DEVICE_UNAVAILABLE", "No.", "device x", undefined, "Buy one.", cause],
    );
  });

  test("leave other errors as they are", () => {
    const other = new Error("other");
    assert.is(fromKernelError(other), other);
  });
});
