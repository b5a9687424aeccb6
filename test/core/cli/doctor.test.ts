import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { packageVersion } from "../../../core/package-root.ts";
import { missingGpu } from "../../../kernels/webgpu/visible-gpu.ts";
import { suite } from "../../suite.ts";
import { temporaryFolder } from "../run/fixtures.ts";
import { command, launch, makeProject } from "./project.ts";

interface Printed {
  readonly switchyard: string;
  readonly works: boolean;
  readonly devices: readonly {
    readonly name: string;
    readonly origin: string;
    readonly works: boolean;
    readonly description?: string;
    readonly problem?: { readonly code: string; readonly next?: string };
  }[];
  readonly auto: { readonly works: boolean; readonly device: string; readonly reason: string };
  readonly pluginProblem?: string;
  readonly machine: { readonly node: string; readonly cores: number; readonly freeDiskBytes: number };
  readonly runsFolder: string;
  readonly bundle: string;
}

const deviceFile = (name: string, create: string): string => `
import { definePlugin, Type } from "switchyard";
export const device = definePlugin({
  kind: "device", name: "${name}", version: "1", summary: "Mine.", options: Type.Object({}), create: ${create},
});
`;

async function doctorJson(project: string, ...words: readonly string[]): Promise<Printed & { code: number | null }> {
  const { code, out, err } = await command(project, ["doctor", "--json", ...words]);
  assert.is(err, "");
  return { ...(JSON.parse(out) as Printed), code };
}

suite("switchyard doctor", (test) => {
  test("tells of every device whether it works, or why not and what to do", async () => {
    const found = await doctorJson(makeProject());
    assert.equal([found.code, found.works, found.switchyard], [0, true, packageVersion()]);
    assert.equal(
      found.devices.map(({ name }) => name),
      ["cpu", "native", "tensorflow", "wasm", "webgpu"],
    );
    for (const { name, works, description, problem } of found.devices) {
      if (works) assert.match(description ?? "", new RegExp(`^${name} \\(.*\\)$`));
      else {
        assert.is(problem?.code, "DEVICE_UNAVAILABLE");
        assert.ok((problem?.next ?? "").length > 0, name);
      }
    }
  });

  test("tells which device auto takes, and why", async () => {
    const { auto, devices } = await doctorJson(makeProject());
    assert.ok(devices.find(({ name }) => name === auto.device)?.works);
    assert.match(auto.reason, new RegExp(`^Took ${auto.device} .*\\.$`));
  });

  test("tells what the machine offers, and whether the bundle is used", async () => {
    const project = makeProject();
    const { machine, runsFolder, bundle } = await doctorJson(project);
    assert.is(machine.node, process.versions.node);
    assert.ok(machine.cores >= 1 && machine.cores <= cpus().length);
    assert.ok(machine.freeDiskBytes > 0);
    assert.is(runsFolder, `${project}/runs`);
    assert.ok(["fresh", "stale", "missing"].includes(bundle), bundle);
  });

  test("says the same as text", async () => {
    const { code, out, err } = await command(makeProject(), ["doctor"]);
    assert.equal([code, err], [0, ""]);
    assert.match(out, /^Devices\n {2}cpu {9}works: cpu \(tfjs .*\)\n/);
    const tensorflow =
      /\n {2}tensorflow {2}does not work: .*\[DEVICE_UNAVAILABLE\]\n( {14}\S.*\n)+/.exec(out)?.[0] ?? "";
    assert.match(tensorflow, /\n {14}received {2}\S.*\n {14}next {6}\S/);
    assert.match(out, /\n\ndevice: auto\n {2}Took .*\n\nMachine\n {2}switchyard {2}\d/);
    assert.match(out, /\n {2}disk {8}\S.* free at runs\n$/);
  });
});

suite("switchyard doctor where no GPU is visible", (test) => {
  const skip = missingGpu() === undefined ? "this machine may have a GPU" : undefined;
  const rows = (out: string): string => /\n {2}webgpu .*\n( {14}\S.*\n)+/.exec(out)?.[0] ?? "";

  test(
    "says so, and prints nothing of the Vulkan loader's",
    async () => {
      const { out, err } = await launch(makeProject(), ["doctor"], { VK_DRIVER_FILES: "/nowhere/icd.json" }).result;
      assert.is(err, "");
      assert.match(rows(out), /webgpu {6}does not work: .*\[DEVICE_UNAVAILABLE\]\n/);
      assert.match(
        rows(out),
        /\n {14}received {2}no GPU is visible to this system\n {14}next {6}Choose `device: native`/,
      );
      assert.match(out, /\n {2}Took \w+ because webgpu is not available \(no GPU is visible to this system\)/);
      assert.not.match(rows(out), /Software/);
    },
    { skip },
  );

  test(
    "mentions software adapters as to be had by name only",
    async () => {
      const folder = temporaryFolder();
      writeFileSync(join(folder, "vk_swiftshader_icd.json"), "{}");
      const { out, err } = await launch(makeProject(), ["doctor"], { VK_DRIVER_FILES: folder }).result;
      assert.is(err, "");
      assert.match(rows(out), /taken only by name: device: \{ type: webgpu, adapter: swiftshader \}/);
    },
    { skip },
  );
});

suite("switchyard doctor with plugins of the project", (test) => {
  const opens = `async () => ({ ...(await import("${import.meta.resolve("../../../kernels/devices/cpu.ts")}")
    .then(({ cpuDevice }) => cpuDevice.open())), name: "good", description: "good (mine)" })`;

  test("opens them too, and goes on after those that throw, at import or at opening", async () => {
    const project = makeProject({
      "plugins/device/good.js": deviceFile("good", opens),
      "plugins/device/thrower.js": deviceFile("thrower", "() => { throw null; }"),
      "plugins/device/unreadable.js": "throw { no: 'error' };",
    });
    const found = await doctorJson(project);
    assert.is(found.code, 0);
    const own = found.devices.filter(({ origin }) => origin.startsWith(project));
    assert.equal(
      own.map(({ name, works, description, problem }) => [name, works, description ?? problem?.code]),
      [
        ["good", true, "good (mine)"],
        ["thrower", false, "CONTAINER_CREATE_FAILED"],
        ["unreadable", false, "PLUGIN_IMPORT_FAILED"],
      ],
    );
    const { code, out } = await command(project, ["doctor"]);
    assert.is(code, 0);
    assert.match(out, /\n {2}good {8}works: good \(mine\)\n {14}from {6}\S*plugins\/device\/good\.js\n/);
  });

  test("checks the built-in ones when the project's cannot be listed, and says why", async () => {
    const project = makeProject({ "plugins/lost.js": "throw new Error('no such driver');" });
    const found = await doctorJson(project);
    assert.equal([found.code, found.devices.length], [0, 5]);
    assert.match(found.pluginProblem ?? "", /PLUGIN_IMPORT_FAILED[\s\S]*no such driver/);
    const { out } = await command(project, ["doctor"]);
    assert.match(
      out,
      /own plugins cannot be listed, so only the built-in devices were checked\.\n.*PLUGIN_IMPORT_FAILED/,
    );
  });

  test("checks those that a config names, and refuses a wrong config", async () => {
    const project = makeProject({
      "other/good.js": deviceFile("good", opens),
      "c.yaml": "plugins: [other/good.js]\n",
      "wrong.yaml": "plugins: [other/good.js\n",
    });
    const { devices } = await doctorJson(project, "--config", "c.yaml");
    assert.ok(devices.some(({ name, works }) => name === "good" && works));
    assert.is((await command(project, ["doctor", "--config", "wrong.yaml"])).code, 2);
  });
});
