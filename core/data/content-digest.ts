/**
 * Digests of file contents, for ids that must change when the data does. Hashing gigabytes takes seconds, so a
 * digest is remembered in the cache folder under the file's path, size, modification time and inode; a file that
 * changes in any of these is hashed again.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { writeAtomically } from "./atomic-file.ts";
import { readError } from "./file-errors.ts";

/** Smaller files are hashed faster than a remembered digest is looked up. */
const rememberFromBytes = 1_000_000;

/**
 * @param cacheFolder Digests are remembered in its subfolder `digests`; without it, every call hashes.
 * @returns sha256 of the contents, hex.
 * @throws SwitchyardError FILE_MISSING, FILE_UNREADABLE
 */
export async function digestFile(file: string, cacheFolder?: string): Promise<string> {
  try {
    const { size, mtimeNs, ino } = await stat(file, { bigint: true });
    if (cacheFolder === undefined || size < rememberFromBytes) return await hashFile(file);
    const state = `${size} ${mtimeNs} ${ino}`;
    const remembered = join(cacheFolder, "digests", `${digestText(file).slice(0, 32)}.json`);
    const known = await readRemembered(remembered, state);
    if (known !== undefined) return known;
    const digest = await hashFile(file);
    // A cache that cannot be written costs time, not correctness.
    await writeAtomically(remembered, (handle) =>
      handle.writeFile(`${JSON.stringify({ file, state, digest })}\n`),
    ).catch(() => undefined);
    return digest;
  } catch (error) {
    throw readError(file, error);
  }
}

/** @returns sha256 of a text, hex. */
export function digestText(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** @returns sha256 of a plain value with its keys sorted, so that the order in which options were written is no matter. */
export function digestValue(value: unknown): string {
  return digestText(JSON.stringify(value, sortKeys));
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function hashFile(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file, { highWaterMark: 2 ** 20 }), hash);
  return hash.digest("hex");
}

async function readRemembered(file: string, state: string): Promise<string | undefined> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch {
    return undefined;
  }
  try {
    const entry: unknown = JSON.parse(text);
    if (typeof entry !== "object" || entry === null || !("state" in entry) || entry.state !== state) return undefined;
    return "digest" in entry && typeof entry.digest === "string" ? entry.digest : undefined;
  } catch {
    return undefined;
  }
}
