import * as assert from "uvu/assert";
import { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { failureOf, stackOf } from "../../../core/run/failure.ts";
import { suite } from "../../suite.ts";

suite("failures", (test) => {
  test("keep the code and the whole message of Switchyard's errors", () => {
    const error = new SwitchyardError("DISK_FULL", "Full.", { where: "/a" });
    assert.equal(failureOf(error), { code: "DISK_FULL", message: error.message });
  });

  test("keep the code of errors that have one of our form", () => {
    const error = Object.assign(new Error("Shapes differ."), { code: "KERNEL_SHAPE" });
    assert.equal(failureOf(error), { code: "KERNEL_SHAPE", message: "Shapes differ. [KERNEL_SHAPE]" });
  });

  test("of any other kind are internal", () => {
    for (const thrown of [new TypeError("x is undefined"), Object.assign(new Error("e"), { code: "ENOENT" }), "text"]) {
      assert.is(failureOf(thrown).code, "INTERNAL");
    }
  });

  test("show the stacks of all causes in a log", () => {
    const stack = stackOf(new Error("outer", { cause: new RangeError("inner", { cause: "why" }) }));
    assert.match(stack, /Error: outer\n\s+at[\s\S]*caused by RangeError: inner\n\s+at[\s\S]*caused by why$/);
  });
});
