/**
 * Which adapter the tests of the webgpu device use: SWITCHYARD_WEBGPU_ADAPTER where it is set ("auto" for the machine's
 * GPU), else SwiftShader, a Vulkan driver in software that Debian's chromium-common and Google Chrome bring. Where
 * there is none, those tests say why they are skipped; with SWITCHYARD_REQUIRE_WEBGPU=1 they fail.
 */
import { existsSync } from "node:fs";
import type { DeviceProvider } from "../../kernels/devices/device.ts";
import { webGpuDevice, type WebGpuSettings } from "../../kernels/devices/webgpu.ts";

const drivers = [
  "/usr/lib/chromium/vk_swiftshader_icd.json",
  "/usr/lib/chromium-browser/vk_swiftshader_icd.json",
  "/opt/google/chrome/vk_swiftshader_icd.json",
];

const named = process.env["SWITCHYARD_WEBGPU_ADAPTER"];
const driver = drivers.find((file) => existsSync(file));
// Read by the Vulkan loader when Dawn looks for adapters; child processes inherit it.
if (named === undefined && driver !== undefined) process.env["VK_ICD_FILENAMES"] ??= driver;

/** What the device is opened with in tests. */
export const testedAdapter: WebGpuSettings = { adapter: named ?? "swiftshader", power: "high" };

export const testedGpu: DeviceProvider = webGpuDevice(testedAdapter);

/** Why the tests of the device cannot run here; undefined where they can. @throws Error where they must. */
export const gpuMissing: string | undefined = await testedGpu.unavailableReason();

if (gpuMissing !== undefined && process.env["SWITCHYARD_REQUIRE_WEBGPU"] === "1") {
  throw new Error(
    `SWITCHYARD_REQUIRE_WEBGPU is set, and the webgpu device does not open: ${gpuMissing}. ` +
      "On Debian: apt-get install libvulkan1 chromium-common.",
  );
}
