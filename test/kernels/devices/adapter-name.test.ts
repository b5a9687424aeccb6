import * as assert from "uvu/assert";
import { isPartOfName } from "../../../kernels/devices/adapter-name.ts";
import { suite } from "../../suite.ts";

suite("a part of a GPU's name", (test) => {
  test("is found however drivers and layers spell the name", () => {
    const name = "SwiftShader Device (Subzero)";
    for (const part of ["swiftshader", "Device", "swiftshader-device-subzero-", "(Subzero)", name]) {
      assert.ok(isPartOfName(part, name), part);
      assert.ok(isPartOfName(part, "swiftshader-device-subzero-, SwiftShader driver 5.0.0"), part);
    }
  });

  test("is no other name", () => {
    assert.not(isPartOfName("H100", "NVIDIA A100"));
    assert.not(isPartOfName("NVIDIA H100 PCIe", "NVIDIA H100"));
  });
});
