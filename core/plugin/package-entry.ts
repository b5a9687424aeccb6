/**
 * The file that `import` of a package would load. Node offers no way to ask this for another folder than the asking
 * module's own on all its versions, so the few rules that matter are here: `exports` with conditions, then `main`.
 */

export interface PackageManifest {
  readonly version?: string;
  readonly keywords?: readonly string[];
  readonly main?: string;
  readonly exports?: unknown;
}

const conditions: readonly string[] = ["node", "import", "module-sync", "default"];

/** Path of the entry, relative to the package's folder. */
export function packageEntry(manifest: PackageManifest): string {
  return entryOf(rootTarget(manifest.exports)) ?? manifest.main ?? "index.js";
}

function rootTarget(exported: unknown): unknown {
  return isRecord(exported) && "." in exported ? exported["."] : exported;
}

/** The first condition that holds, in the order of the package. */
function entryOf(target: unknown): string | undefined {
  if (typeof target === "string") return target;
  if (Array.isArray(target)) return target.map(entryOf).find((entry) => entry !== undefined);
  if (!isRecord(target)) return undefined;
  for (const [condition, value] of Object.entries(target)) {
    if (!conditions.includes(condition)) continue;
    const entry = entryOf(value);
    if (entry !== undefined) return entry;
  }
  return undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
