import * as assert from "uvu/assert";
import { missingGpu, softwareAdapters, type System } from "../../../kernels/webgpu/visible-gpu.ts";
import { suite } from "../../suite.ts";

interface Parts {
  readonly platform?: NodeJS.Platform;
  readonly env?: System["env"];
  /** Folders by path; a path that is not here is missing, and a file where it ends in .json. */
  readonly folders?: Readonly<Record<string, readonly string[]>>;
}

function system({ platform = "linux", env = {}, folders = {} }: Parts): System {
  const list = (path: string): readonly string[] | undefined =>
    folders[path] ?? (path.endsWith(".json") ? undefined : []);
  return { platform, env, home: "/home/me", list };
}

const card = { "/dev/dri": ["card0", "renderD128"] };
const noDriver = "there is a GPU, but no Vulkan driver is installed";

suite("looking for a GPU before Dawn is asked", (test) => {
  test("always asks on macOS and Windows", () => {
    for (const platform of ["darwin", "win32"] as const) assert.is(missingGpu(system({ platform })), undefined);
  });

  test("sees the nodes of any make", () => {
    const seen: readonly Parts["folders"][] = [
      card,
      { "/dev": ["null", "nvidia0"] },
      { "/dev": ["dxg"] },
      { "/dev": ["mali0"] },
      { "/proc/driver/nvidia/gpus": ["0000:01:00.0"] },
    ];
    for (const folders of seen) assert.is(missingGpu(system({ folders: folders! }))?.received, noDriver);
  });

  test("takes neither a screen nor NVIDIA's control node alone for a GPU", () => {
    const folders = { "/dev/dri": ["card0"], "/dev": ["nvidiactl", "vga_arbiter"] };
    const missing = missingGpu(system({ folders }));
    assert.is(missing?.received, "no GPU is visible to this system");
    assert.match(missing?.next ?? "", /`device: native`.*container/);
  });

  test("sees no GPU, whatever drivers are installed", () => {
    const folders = { "/usr/share/vulkan/icd.d": ["lvp_icd.x86_64.json", "radeon_icd.x86_64.json"] };
    assert.is(missingGpu(system({ folders }))?.received, "no GPU is visible to this system");
  });

  test("finds manifests in every folder that the Vulkan loader reads", () => {
    const folders = [
      "/etc",
      "/usr/share",
      "/usr/local/share",
      "/usr/local/etc",
      "/etc/xdg",
      "/home/me/.config",
      "/home/me/.local/share",
    ];
    for (const folder of [...folders, "/run/opengl-driver/share"]) {
      const found = { ...card, [`${folder}/vulkan/icd.d`]: ["nvidia_icd.json"] };
      assert.is(missingGpu(system({ folders: found })), undefined, folder);
    }
    const readme = { ...card, "/etc/vulkan/icd.d": ["README"] };
    assert.is(missingGpu(system({ folders: readme }))?.received, noDriver);
  });

  test("follows the loader's variables", () => {
    const elsewhere = { ...card, "/opt/share/vulkan/icd.d": ["x.json"], "/opt/drivers": ["y.json"] };
    const usual = { ...card, "/usr/share/vulkan/icd.d": ["x.json"] };
    const received = (folders: Parts["folders"], env: System["env"]): string | undefined =>
      missingGpu(system({ folders: folders!, env }))?.received;
    assert.is(received(elsewhere, { XDG_DATA_DIRS: "/usr/share:/opt/share" }), undefined);
    assert.is(received(elsewhere, { VK_DRIVER_FILES: "/opt/drivers" }), undefined, "a folder");
    assert.is(received(elsewhere, { VK_ICD_FILENAMES: "/opt/one.json" }), undefined, "a file");
    assert.is(received(elsewhere, { VK_ADD_DRIVER_FILES: "/opt/one.json" }), undefined);
    assert.is(received(usual, { VK_DRIVER_FILES: "/nowhere" }), noDriver, "in place of the folders");
    assert.is(received(usual, { XDG_DATA_DIRS: "/opt" }), noDriver);
    assert.is(received(usual, { XDG_DATA_DIRS: "", VK_DRIVER_FILES: "" }), undefined, "empty is unset");
  });

  test("knows software adapters by their drivers", () => {
    const folders = { "/usr/share/vulkan/icd.d": ["radeon_icd.x86_64.json", "lvp_icd.x86_64.json"] };
    assert.equal(softwareAdapters(system({ folders })), ["llvmpipe"]);
    const env = { VK_ICD_FILENAMES: "/usr/lib/chromium/vk_swiftshader_icd.json" };
    assert.equal(softwareAdapters(system({ folders, env })), ["swiftshader"]);
    assert.equal(softwareAdapters(system({})), []);
  });
});
