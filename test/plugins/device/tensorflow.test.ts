import * as assert from "uvu/assert";
import { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { tensorflow } from "../../../plugins/device/tensorflow.ts";
import { suite } from "../../suite.ts";

suite("device tensorflow", (test) => {
  for (const processor of ["any", "gpu", "cpu"] as const) {
    test(`says what to install when its packages are missing (processor ${processor})`, async () => {
      try {
        await tensorflow.create({ processor }, {});
        assert.unreachable("the optional packages are not installed here");
      } catch (error) {
        assert.ok(error instanceof SwitchyardError);
        assert.is(error.code, "DEVICE_UNAVAILABLE");
        assert.match(error.next ?? "", /npm install @tensorflow\/tfjs-node/);
      }
    });
  }
});
