import { readdirSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { packageRoot } from "../../core/package-root.ts";
import { createCatalogue } from "../../core/plugin/catalogue.ts";
import { definitionFaults } from "../../core/plugin/definition.ts";
import { pluginKinds } from "../../core/plugin/kinds.ts";
import { catalogue } from "../../plugins/catalogue.ts";
import { suite } from "../suite.ts";
import { definitionCases } from "./workbench.ts";

suite("shipped plugins", (test) => {
  for (const [key, load] of Object.entries(catalogue)) {
    test(`${key} is a complete definition with every option described`, async () => {
      const plugin = await load();
      assert.equal(definitionFaults(plugin), []);
      assert.is(`${plugin.kind}/${plugin.name}`, key);
      for (const { run } of definitionCases(plugin, plugin.kind)) await run();
    });
  }

  test("are all in the catalogue, and loadable through it", async () => {
    const files = pluginKinds.flatMap((kind) => {
      const folder = join(packageRoot, "plugins", kind);
      const names = readdirSync(folder).filter((file) => file.endsWith(".ts"));
      return names.map((name) => `${kind}/${name.slice(0, -".ts".length)}`);
    });
    const built = await createCatalogue({ builtIn: catalogue, requested: [], projectFolder: packageRoot });
    const listed = (await built.list()).map(({ kind, name }) => `${kind}/${name}`);
    assert.equal(
      listed,
      files.sort((a, b) => listed.indexOf(a) - listed.indexOf(b)),
    );
    assert.ok(files.length > 25, `${files.length} plugins`);
    for (const { kind, name } of await built.list()) assert.is((await built.load(kind, name)).name, name);
  });
});
