/**
 * The plotting library as source text, to be copied into the report so that it works offline. Vega, Vega-Lite and
 * Vega-Embed are under the BSD 3-clause licence, whose notice travels with every copy.
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { SwitchyardError } from "../../errors/switchyard-error.ts";

export interface VegaAssets {
  /** In the order in which they must run. */
  readonly scripts: readonly { readonly name: string; readonly source: string }[];
  /** Names, versions, copyright and licence. */
  readonly notice: string;
}

const packages = [
  { name: "vega", file: "vega.min.js" },
  { name: "vega-lite", file: "vega-lite.min.js" },
  { name: "vega-embed", file: "vega-embed.min.js" },
] as const;

/** @throws SwitchyardError REPORT_ASSET_MISSING when a file of the library cannot be read. */
export async function readVegaAssets(): Promise<VegaAssets> {
  const scripts: { name: string; source: string }[] = [];
  const names: string[] = [];
  for (const { name, file } of packages) {
    const folder = packageFolder(name);
    const source = await readAsset(join(folder, "build", file));
    // The source maps are not copied, and a browser would ask for them.
    scripts.push({ name, source: source.replaceAll(/^\/\/# sourceMappingURL=.*$/gm, "") });
    names.push(`${name} ${versionOf(await readAsset(join(folder, "package.json")))}`);
  }
  return { scripts, notice: `${names.join(", ")}\n${licence}` };
}

function packageFolder(name: string): string {
  const require = createRequire(import.meta.url);
  try {
    // The entry lies in <package>/build/.
    return dirname(dirname(require.resolve(name)));
  } catch (cause) {
    throw missing(`package ${name}`, cause);
  }
}

async function readAsset(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw missing(file, cause);
  }
}

function missing(where: string, cause: unknown): SwitchyardError {
  return new SwitchyardError("REPORT_ASSET_MISSING", "The report needs a file of the plotting library.", {
    where,
    expected: "a readable file",
    next: "Install the dependencies again: npm ci",
    cause,
  });
}

function versionOf(manifest: string): string {
  const { version } = JSON.parse(manifest) as { readonly version?: string };
  return version ?? "";
}

const licence = `Copyright (c) 2015-2025, University of Washington Interactive Data Lab and contributors.
All rights reserved.

Redistribution and use in source and binary forms, with or without modification, are permitted provided that the
following conditions are met:

1. Redistributions of source code must retain the above copyright notice, this list of conditions and the following
   disclaimer.
2. Redistributions in binary form must reproduce the above copyright notice, this list of conditions and the following
   disclaimer in the documentation and/or other materials provided with the distribution.
3. Neither the name of the copyright holder nor the names of its contributors may be used to endorse or promote
   products derived from this software without specific prior written permission.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR IMPLIED WARRANTIES,
INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT OWNER OR CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL,
SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR
SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY,
WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE
OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.`;
