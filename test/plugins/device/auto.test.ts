import * as assert from "uvu/assert";
import { spawnSync } from "node:child_process";
import { nativeDevice } from "../../../kernels/devices/native.ts";
import { webGpuDevice } from "../../../kernels/devices/webgpu.ts";
import { auto } from "../../../plugins/device/auto.ts";
import { suite } from "../../suite.ts";

const gpuReason = await webGpuDevice({ adapter: "auto", power: "high" }).unavailableReason();
const nativeReason = await nativeDevice({ threads: 1 }).unavailableReason();
const onProcessor = nativeReason === undefined ? "native" : "wasm";
const best = gpuReason === undefined ? "webgpu" : onProcessor;

/** Runs a script as a user's program would, in a process that sees only the drivers in `env`. */
function run(script: string, env: Readonly<Record<string, string>> = {}): { out: string; err: string } {
  const words = ["--import", "tsx", "--input-type=module", "-e", script];
  const { stdout, stderr } = spawnSync(process.execPath, words, { encoding: "utf8", env: { ...process.env, ...env } });
  return { out: stdout.trim(), err: stderr };
}

suite("device auto", (test) => {
  test("takes a GPU, else native, else wasm, and says in one sentence why nothing better", async () => {
    const device = await auto.create({}, { threads: 1 });
    assert.is(device.name, best);
    const lacks = [
      `webgpu is not available (${String(gpuReason)})`,
      "tensorflow on a GPU is not available (@tensorflow/tfjs-node-gpu is not installed)",
      ...(nativeReason === undefined ? [] : [`native is not available (${nativeReason})`]),
    ];
    const reason =
      gpuReason === undefined
        ? "Took webgpu, the fastest device known."
        : `Took ${best} because ${lacks.join(" and ")}.`;
    assert.is(device.reason, reason);
  });

  test(
    "says nothing on standard error, and takes no software adapter, where only that is installed",
    () => {
      const script = `
        const { auto } = await import("./plugins/device/auto.ts");
        const device = await auto.create({}, { threads: 1 });
        console.log(device.name);
      `;
      for (const driver of ["/nowhere/icd.json", "/usr/lib/chromium/vk_swiftshader_icd.json"]) {
        assert.equal(run(script, { VK_DRIVER_FILES: driver }), { out: onProcessor, err: "" }, driver);
      }
    },
    { skip: gpuReason === undefined ? "this machine has a GPU" : undefined },
  );

  test(
    "hands its share of the cores to native",
    async () => {
      const { description } = await auto.create({}, { threads: 2 });
      if (best === "native") assert.match(description, /\b2 threads\b/);
      else assert.match(description, /\b1 thread\b/, "tfjs' wasm has one thread in Node");
    },
    { skip: best === "webgpu" ? "this machine has a GPU" : undefined },
  );

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
    assert.equal(run(script), { out: "false", err: "" });
  });
});
