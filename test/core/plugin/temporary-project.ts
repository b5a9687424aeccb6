/** Folders outside the repository with plugin files in them, as an author's would lie. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { SwitchyardError } from "../../../core/errors/switchyard-error.ts";

/** Relative path -> text. */
export type Files = Readonly<Record<string, string>>;

/** Writes the files into a new folder, hands it to `body`, and removes it. */
export async function withProject<T>(files: Files, body: (folder: string) => Promise<T>): Promise<T> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "switchyard-test-")));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    return await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The text of a schedule plugin, with what a test wants different. */
export function scheduleText(name: string, changes: { readonly kind?: string; readonly before?: string } = {}): string {
  const variable = name.replaceAll(/-(.)/g, (_match, letter: string) => letter.toUpperCase());
  return `import { definePlugin, Type } from "switchyard";
${changes.before ?? ""}
export const ${variable} = definePlugin({
  kind: ${JSON.stringify(changes.kind ?? "schedule")},
  name: ${JSON.stringify(name)},
  version: "1",
  summary: "For a test.",
  options: Type.Object({}),
  create: () => ({ multiplier: () => 1 }),
});
`;
}

/** The Switchyard error that a promise is rejected with; any other outcome fails the test. */
export async function rejection(promise: Promise<unknown>): Promise<SwitchyardError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof SwitchyardError) return error;
    throw error;
  }
  throw new Error("expected an error, but none was thrown");
}
