// A digest of names, sizes and times of every source file: cheap enough to compare at every start, and different as
// soon as a file was edited, added, removed or checked out anew.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, sep } from "node:path";

const folders = ["core", "kernels", "plugins", "test/conformance"];

/** @param {string} root Absolute folder of the package. @returns {string} */
export function sourceStamp(root) {
  const hash = createHash("sha256");
  for (const folder of folders) addFolder(hash, root, folder);
  addFile(hash, root, "package.json");
  return hash.digest("hex");
}

/**
 * Whether the bundle in dist/ is what the sources would give: "fresh", "stale" or "missing"; "installed" where nobody
 * edits sources, so that the bundle is used as it is.
 * @param {string} root Absolute folder of the package.
 */
export function bundleState(root) {
  if (root.split(sep).includes("node_modules")) return "installed";
  try {
    return readFileSync(join(root, "dist", "stamp.txt"), "utf8") === sourceStamp(root) ? "fresh" : "stale";
  } catch {
    return "missing";
  }
}

function addFolder(hash, root, folder) {
  let entries;
  try {
    entries = readdirSync(join(root, folder), { withFileTypes: true });
  } catch {
    return;
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) addFolder(hash, root, path);
    else addFile(hash, root, path);
  }
}

function addFile(hash, root, path) {
  const { size, mtimeMs } = statSync(join(root, path));
  hash.update(`${path}\n${size}\n${mtimeMs}\n`);
}
