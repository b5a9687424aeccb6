import * as assert from "uvu/assert";
import { webGpuDevice } from "../../../kernels/devices/webgpu.ts";
import { KernelError } from "../../../kernels/kernel-error.ts";
import type { System } from "../../../kernels/webgpu/visible-gpu.ts";
import { suite } from "../../suite.ts";
import { gpuMissing, testedAdapter, testedGpu } from "../software-gpu.ts";

const auto = { adapter: "auto", power: "high" } as const;
const bare: System = { platform: "linux", env: {}, home: "/home/me", list: () => [] };
/** Dawn is asked; it has no GPU here but SwiftShader, if that. */
const asking: System = { ...bare, platform: "darwin" };

async function refusal(settings: Parameters<typeof webGpuDevice>[0]): Promise<KernelError> {
  const device = webGpuDevice(settings);
  const error = await device.open().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.instance(error, KernelError);
  const { code, received } = error as KernelError;
  assert.is(code, "DEVICE_UNAVAILABLE");
  assert.is(await device.unavailableReason(), received);
  return error as KernelError;
}

suite("the webgpu device where there is no GPU", (test) => {
  const untouched = (): Promise<unknown> => Promise.reject(new Error("the package is not loaded"));

  test("says so without loading the package", async () => {
    const { received, next } = await refusal({ ...auto, system: bare, importPackage: untouched });
    assert.is(received, "no GPU is visible to this system");
    assert.not.match(next ?? "", /Software/);
  });

  test("says that the driver is missing where there is a GPU", async () => {
    const list = (path: string): readonly string[] => (path === "/dev/dri" ? ["renderD128"] : []);
    const { received, next } = await refusal({ ...auto, system: { ...bare, list }, importPackage: untouched });
    assert.is(received, "there is a GPU, but no Vulkan driver is installed");
    assert.match(next ?? "", /mesa-vulkan-drivers.*NVIDIA.*docs\/devices\.md/);
  });

  test("names the software adapters, which are taken only by name", async () => {
    const env = { VK_ICD_FILENAMES: "/vk_swiftshader_icd.json" };
    const list = (path: string): readonly string[] | undefined => (path.endsWith(".json") ? undefined : []);
    const { next } = await refusal({ ...auto, system: { ...bare, env, list } });
    assert.match(next ?? "", /taken only by name: device: \{ type: webgpu, adapter: swiftshader \}\.$/);
  });

  test("says what to install where the package is missing", async () => {
    const missing = (): Promise<unknown> => Promise.reject(new Error("Cannot find package 'webgpu'"));
    const { received, next } = await refusal({ ...auto, system: asking, importPackage: missing });
    assert.is(received, "Cannot find package 'webgpu'");
    assert.match(next ?? "", /`npm install webgpu`.*`device: native`/);
  });
});

suite("the webgpu device where there is one", (test) => {
  test(
    "never takes a software adapter by itself",
    async () => {
      const { received } = await refusal({ ...auto, system: asking });
      assert.match(received ?? "", /^only a software adapter, swiftshader/);
    },
    { skip: gpuMissing ?? (testedAdapter.adapter === "swiftshader" ? undefined : "the adapter is a GPU") },
  );

  test(
    "describes itself with the adapter, the largest tensor, the adapter's features and its tuning",
    async () => {
      const { description } = await testedGpu.open();
      assert.match(
        description,
        /^webgpu \(tfjs 4\.22\.0, WGSL kernels, .+, tensors up to \d+\.\d\d GiB(, [a-z0-9-]+)*, (default tuning|tuned)\)$/,
      );
      if (testedAdapter.adapter === "swiftshader") {
        assert.match(
          description,
          /, swiftshader\S*, .*, tensors up to 1\.00 GiB, timestamp-query, subgroups, (default tuning|tuned)\)$/,
        );
      }
    },
    { skip: gpuMissing },
  );
});
