import * as assert from "uvu/assert";
import * as tf from "@tensorflow/tfjs";
import {
  checkCount,
  checkExpertCount,
  checkExpertIndices,
  checkIndices,
  checkNonNegative,
  checkTensor,
} from "../../kernels/checks.ts";
import { cpuDevice } from "../../kernels/devices/cpu.ts";
import { KernelError } from "../../kernels/kernel-error.ts";
import { suite } from "../suite.ts";

function thrownBy(call: () => void): KernelError {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof KernelError);
    return error;
  }
  throw new Error("nothing was thrown");
}

suite("checks of kernel arguments", (test, hooks) => {
  hooks.before(async () => {
    await cpuDevice.open();
  });

  test("accept what fits, any size where none is asked for", () => {
    checkTensor(tf.zeros([3, 4]), "op: x", { shape: [3, undefined], dtype: "float32" });
    checkIndices(tf.tensor1d([0, 4], "int32"), "op: x", 5);
    checkExpertIndices(tf.tensor2d([0, 1, 1, 0], [2, 2], "int32"), "op: x", 2);
    checkNonNegative(tf.tensor1d([0, 1.5]), "op: x");
    checkCount(1, "op: n");
    assert.is(checkExpertCount(12, 4, "op"), 3);
  });

  test("name the operation, the argument and both shapes", () => {
    const error = thrownBy(() => {
      checkTensor(tf.zeros([3, 4]), "op: x_BD", { shape: [undefined, 5], dtype: "float32" });
    });
    assert.equal(
      [error.code, error.where, error.expected, error.received],
      ["KERNEL_SHAPE", "op: x_BD", "[any, 5], every size at least 1", "[3, 4]"],
    );
  });

  test("say how to convert a tensor of another type", () => {
    const error = thrownBy(() => {
      checkTensor(tf.zeros([2]), "op: i", { shape: [2], dtype: "int32" });
    });
    assert.equal([error.code, error.expected, error.received], ["KERNEL_DTYPE", "int32", "float32"]);
    assert.match(error.next ?? "", /tf\.cast\(tensor, "int32"\)/);
  });

  test("point at the first index outside of the range", () => {
    const error = thrownBy(() => {
      checkIndices(tf.tensor1d([0, 3, 7, 9], "int32"), "op: i", 7);
    });
    assert.equal([error.code, error.expected, error.received], ["KERNEL_INDEX_RANGE", "0 to 6", "7 at position 2"]);
  });

  test("show the row that names an expert twice", () => {
    const error = thrownBy(() => {
      checkExpertIndices(tf.tensor2d([0, 1, 2, 2, 0, 2], [2, 3], "int32"), "op: e", 3);
    });
    assert.equal([error.code, error.received], ["KERNEL_INDEX_RANGE", "[2, 0, 2] in row 1"]);
  });

  test("refuse counts that are no positive integers", () => {
    for (const count of [0, -1, 1.5, NaN, Infinity]) {
      assert.is(
        thrownBy(() => {
          checkCount(count, "op: n");
        }).code,
        "KERNEL_VALUE_RANGE",
      );
    }
  });

  test("say which numbers of experts would divide the features", () => {
    const error = thrownBy(() => checkExpertCount(10, 4, "op"));
    assert.equal([error.code, error.expected, error.received], ["KERNEL_SHAPE", "a divisor of 10 features", "4"]);
  });
});
