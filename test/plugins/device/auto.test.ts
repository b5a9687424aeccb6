import * as assert from "uvu/assert";
import { execFileSync } from "node:child_process";
import { nativeDevice } from "../../../kernels/devices/native.ts";
import { auto } from "../../../plugins/device/auto.ts";
import { suite } from "../../suite.ts";

const nativeReason = await nativeDevice({ threads: 1 }).unavailableReason();
const best = nativeReason === undefined ? "native" : "wasm";

suite("device auto", (test) => {
  test("takes native, or wasm where that is not available, and says in one sentence why nothing better", async () => {
    const device = await auto.create({}, { threads: 1 });
    assert.is(device.name, best);
    const noGpu = "tensorflow on a GPU is not available (@tensorflow/tfjs-node-gpu is not installed)";
    const noNative = nativeReason === undefined ? "" : ` and native is not available (${nativeReason})`;
    assert.is(device.reason, `Took ${best} because ${noGpu}${noNative}.`);
  });

  test("hands its share of the cores to native", async () => {
    const { description } = await auto.create({}, { threads: 2 });
    if (best === "native") assert.match(description, /\b2 threads\b/);
    else assert.match(description, /\b1 thread\b/, "tfjs' wasm has one thread in Node");
  });

  test("can be opened again", async () => {
    assert.is((await auto.create({}, { threads: 1 })).name, best);
  });
});

suite("device plugins", (test) => {
  test("load no tensor library before a device is opened", () => {
    const script = `
      const names = ["auto", "cpu", "native", "wasm", "tensorflow", "webgpu"];
      for (const name of names) await import("./plugins/device/" + name + ".ts");
      console.log(Object.keys(globalThis).concat(Object.getOwnPropertyNames(globalThis)).includes("_tfengine"));
    `;
    const output = execFileSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
      encoding: "utf8",
    });
    assert.is(output.trim(), "false");
  });
});
