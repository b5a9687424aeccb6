/** Loads a plugin's file as a config would: TypeScript too, and with nothing installed beside it. */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { AnyPlugin } from "../../core/plugin/define-plugin.ts";
import { loadPluginModule } from "../../core/plugin/load-module.ts";

/**
 * @param file Path from the working folder, or a URL: `new URL("../my-router.ts", import.meta.url)`.
 * @throws SwitchyardError when it is no plugin's file; the message says why.
 */
export async function loadPluginFile(file: string | URL): Promise<AnyPlugin> {
  const path = resolve(file instanceof URL ? fileURLToPath(file) : file);
  return loadPluginModule(path, path);
}
