// A digest of everything that the addon is compiled from. The build writes it into the addon; a device whose sources
// say otherwise asks for a new build instead of calling functions that have changed.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** @param {string} root Absolute folder of the package. @returns {string} */
export function nativeStamp(root) {
  const hash = createHash("sha256");
  for (const file of nativeSources(root)) hash.update(`${file}\n`).update(readFileSync(join(root, file)));
  return hash.digest("hex").slice(0, 16);
}

/** Paths of the C++ sources and of the script that compiles them, relative to the package's folder, sorted. */
export function nativeSources(root) {
  const folders = readdirSync(join(root, "kernels"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const files = folders.flatMap(({ name }) =>
    readdirSync(join(root, "kernels", name))
      .filter((file) => /\.(cc|h)$/.test(file))
      .map((file) => `kernels/${name}/${file}`),
  );
  return ["scripts/build-native.mjs", ...files].sort();
}
