import * as assert from "uvu/assert";
import { execFileSync } from "node:child_process";
import { auto } from "../../../plugins/device/auto.ts";
import { suite } from "../../suite.ts";

suite("device auto", (test) => {
  test("takes wasm here and says why nothing better", async () => {
    const device = await auto.create({}, {});
    assert.is(device.name, "wasm");
    assert.is(
      device.reason,
      "Took wasm because tensorflow on a GPU is not available (@tensorflow/tfjs-node-gpu is not installed).",
    );
  });

  test("can be opened again", async () => {
    assert.is((await auto.create({}, {})).name, "wasm");
  });
});

suite("device plugins", (test) => {
  test("load no tensor library before a device is opened", () => {
    const script = `
      const names = ["auto", "cpu", "wasm", "tensorflow"];
      for (const name of names) await import("./plugins/device/" + name + ".ts");
      console.log(Object.keys(globalThis).concat(Object.getOwnPropertyNames(globalThis)).includes("_tfengine"));
    `;
    const output = execFileSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
      encoding: "utf8",
    });
    assert.is(output.trim(), "false");
  });
});
