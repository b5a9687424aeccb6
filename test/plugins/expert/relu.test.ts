import * as assert from "uvu/assert";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import { relu } from "../../../plugins/expert/relu.ts";
import { buildPlugin } from "../../core/model/build-plugin.ts";
import { makeModel, setParameter } from "../../core/model/make-model.ts";
import { suite } from "../../suite.ts";

suite("expert relu", (test) => {
  test("fixes no number of active features", () => {
    assert.equal(buildPlugin(relu, { type: "relu" }, {}).facts, {});
  });
  test("keeps every positive pre-activation and drops the rest", async () => {
    const device = await cpuDevice.open();
    const model = makeModel({ ...device, width: 2, features: 3, router: { type: "none" }, expert: { type: "relu" } });
    setParameter(device.tf, model, "encoder", [1, 0, 0, 1, -1, -1]);
    const { code } = model.forward(
      device.tf.tensor2d([
        [2, -3],
        [1, 4],
        [-2, -2],
      ]),
    );
    assert.is(code.kind, "block");
    if (code.kind === "block") assert.equal(code.values_BRM.arraySync(), [[[2, 0, 1]], [[1, 4, 0]], [[0, 0, 4]]]);
  });
  test("decodes to the identity with identity weights", async () => {
    const device = await cpuDevice.open();
    const model = makeModel({ ...device, width: 2, features: 2, router: { type: "none" }, expert: { type: "relu" } });
    for (const name of ["encoder", "decoder"]) setParameter(device.tf, model, name, [1, 0, 0, 1]);
    assert.equal(model.forward(device.tf.tensor2d([[2, -1]])).reconstruction_BD.arraySync(), [[2, 0]]);
  });
});
