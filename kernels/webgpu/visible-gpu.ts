/**
 * Whether it is worth asking Dawn for a GPU, told from what Linux shows. Asked in vain, Dawn prints the complaints of the
 * Vulkan loader, and Mesa's drivers can take half a second to find no card. macOS and Windows always have a driver.
 *
 * @see https://github.com/KhronosGroup/Vulkan-Loader, docs/LoaderDriverInterface.md: where manifests of drivers lie
 */
import { readdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join } from "node:path";

/** What is asked of the system; a test passes one of its own. */
export interface System {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Names of a folder's entries, none where there is no such folder; undefined for a file. */
  readonly list: (path: string) => readonly string[] | undefined;
}

/** Why no GPU can be found, and what to do. */
export interface MissingGpu {
  readonly received: string;
  readonly next: string;
}

/** @returns Undefined where Dawn may find one. */
export function missingGpu(system: System = thisSystem): MissingGpu | undefined {
  if (system.platform !== "linux") return undefined;
  if (!showsGpu(system)) {
    return {
      received: "no GPU is visible to this system",
      next:
        "Choose `device: native`. If there is a GPU, install its kernel driver, or hand it to the container " +
        "(docs/devices.md).",
    };
  }
  if (driverManifests(system).length > 0) return undefined;
  return {
    received: "there is a GPU, but no Vulkan driver is installed",
    next:
      "Install one and the loader libvulkan1: mesa-vulkan-drivers for AMD and Intel, NVIDIA's own for NVIDIA " +
      "(docs/devices.md). Or choose `device: native`.",
  };
}

/** Manifests of drivers that compute on the processor, by the part of an adapter's name that takes them. */
const softwareManifests = [
  { manifest: /swiftshader/, adapter: "swiftshader" },
  { manifest: /^lvp_/, adapter: "llvmpipe" },
] as const;

/** Software adapters whose driver is installed: what `adapter` takes them by. */
export function softwareAdapters(system: System = thisSystem): readonly string[] {
  const names = driverManifests(system).map((file) => basename(file));
  return softwareManifests
    .filter(({ manifest }) => names.some((name) => manifest.test(name)))
    .map(({ adapter }) => adapter);
}

const thisSystem: System = {
  platform: process.platform,
  env: process.env,
  home: homedir(),
  list: (path) => {
    try {
      return statSync(path).isDirectory() ? readdirSync(path) : undefined;
    } catch {
      // Missing or closed to us: the loader would not read it either.
      return [];
    }
  },
};

/** Whether the kernel offers a GPU to compute on, not only one that shows a picture. */
function showsGpu({ list }: System): boolean {
  const has = (folder: string, node: RegExp): boolean => (list(folder) ?? []).some((name) => node.test(name));
  return (
    has("/dev/dri", /^renderD/) ||
    // NVIDIA's, WSL's, Mali's, Adreno's, Tegra's.
    has("/dev", /^(nvidia\d+|dxg|mali0|kgsl-3d0|nvhost-gpu)$/) ||
    // NVIDIA's nodes may be made when a program first asks for them.
    has("/proc/driver/nvidia/gpus", /./)
  );
}

/** Paths of the manifests that the Vulkan loader would read. */
function driverManifests(system: System): readonly string[] {
  const { env } = system;
  const forced = paths(env["VK_DRIVER_FILES"]) ?? paths(env["VK_ICD_FILENAMES"]);
  const added = paths(env["VK_ADD_DRIVER_FILES"]) ?? [];
  return [...added, ...(forced ?? driverFolders(system))].flatMap((path) => {
    const names = system.list(path);
    return names === undefined
      ? [path]
      : names.filter((name) => name.endsWith(".json")).map((name) => join(path, name));
  });
}

function driverFolders({ env, home }: System): readonly string[] {
  return [
    ...(paths(env["XDG_CONFIG_HOME"]) ?? [join(home, ".config")]),
    ...(paths(env["XDG_CONFIG_DIRS"]) ?? ["/etc/xdg"]),
    ...["/etc", "/usr/local/etc"],
    ...(paths(env["XDG_DATA_HOME"]) ?? [join(home, ".local/share")]),
    ...(paths(env["XDG_DATA_DIRS"]) ?? ["/usr/local/share", "/usr/share"]),
    // NixOS builds its loader for this one.
    "/run/opengl-driver/share",
  ].map((folder) => join(folder, "vulkan/icd.d"));
}

/** The entries of a list in the environment; undefined where it has none. */
function paths(list: string | undefined): readonly string[] | undefined {
  const entries = (list ?? "").split(":").filter((entry) => entry !== "");
  return entries.length === 0 ? undefined : entries;
}
