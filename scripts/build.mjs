// Bundles the sources into dist/, so that commands start quickly and the package runs where TypeScript does not.
// Light packages are bundled; heavy ones, and those with files of their own, stay outside. Runs after `npm install`
// (`prepare`); without esbuild there is nothing to do, because the launcher then runs the sources.
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { sourceStamp } from "../core/cli/source-stamp.js";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bundled = ["yaml", "ajv", "typebox", "damerau-levenshtein", "pure-rand", "fast-deep-equal", "fast-uri"];
const entries = {
  index: "core/index.ts",
  main: "core/cli/main.ts",
  worker: "core/cli/worker.ts",
  conformance: "test/conformance/index.ts",
};

const esbuild = await import("esbuild").catch(() => undefined);
if (esbuild === undefined) {
  process.stderr.write("switchyard: esbuild is not installed, so there is no dist/; commands run from the sources.\n");
  process.exit(0);
}

const dist = join(root, "dist");
const stamp = sourceStamp(root);
rmSync(dist, { recursive: true, force: true });
await esbuild.build({
  absWorkingDir: root,
  entryPoints: Object.fromEntries(
    Object.entries(entries)
      .filter(([, file]) => existsSync(join(root, file)))
      .map(([name, file]) => [name, file]),
  ),
  outdir: dist,
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  chunkNames: "chunks/[name]-[hash]",
  legalComments: "none",
  logLevel: "warning",
  // CommonJS packages that are bundled (ajv) call require() for Node's own modules.
  banner: {
    js: 'import { createRequire as switchyardRequire } from "node:module"; const require = switchyardRequire(import.meta.url);',
  },
  // Smaller files start faster; names stay, for the stacks that SWITCHYARD_DEBUG=1 shows.
  minifyWhitespace: true,
  minifySyntax: true,
  plugins: [
    { name: "external-packages", setup: externalPackages },
    { name: "plugins-in-one-file", setup: pluginsInOneFile },
  ],
});
// Last, so that an interrupted build is never taken for a fresh one.
writeFileSync(join(dist, "stamp.txt"), stamp);

// Every command that reads a config loads all plugins for its schema. In one file they load several times faster than
// in one file each; none of them loads a tensor library before it is built.
function pluginsInOneFile(build) {
  build.onLoad({ filter: /[\\/]plugins[\\/]catalogue\.ts$/ }, ({ path }) => {
    const imports = [];
    const source = readFileSync(path, "utf8").replaceAll(
      /\(\) =>\s*import\(("[^"]+")\)\.then\(\(module\) => module\.(\w+)\)/g,
      (_match, file, name) => {
        imports.push(`import * as plugin${imports.length} from ${file};`);
        return `() => Promise.resolve(plugin${imports.length - 1}.${name})`;
      },
    );
    if (imports.length === 0) throw new Error(`${path} has another form than this build expects`);
    return { contents: `${imports.join("\n")}\n${source}`, loader: "ts" };
  });
}

function externalPackages(build) {
  build.onResolve({ filter: /^[^./]/ }, ({ path, kind }) => {
    if (kind === "entry-point" || path.startsWith("node:")) return undefined;
    const name = path.startsWith("@") ? path.split("/").slice(0, 2).join("/") : path.split("/")[0];
    return bundled.includes(name) ? undefined : { path, external: true };
  });
}
