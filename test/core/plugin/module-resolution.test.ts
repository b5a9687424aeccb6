import * as tf from "@tensorflow/tfjs";
import { Type } from "typebox";
import * as assert from "uvu/assert";
import { join } from "node:path";
import { definePlugin } from "../../../core/index.ts";
import { loadPluginModule } from "../../../core/plugin/load-module.ts";
import { suite } from "../../suite.ts";
import { withProject } from "./temporary-project.ts";

/** What the plugin below hands out, to be compared with this process's own modules. */
interface Found {
  readonly definePlugin: unknown;
  readonly Type: unknown;
  readonly tensor: unknown;
  readonly siblingTensor: unknown;
  readonly dependency: unknown;
}

function pluginText(sibling: string): string {
  return `import * as tf from "@tensorflow/tfjs";
import { definePlugin, Type } from "switchyard";
import { Type as ownType } from "typebox";
import { siblingTensor } from "./lib/${sibling}";
import * as dependency from "./lib/node_modules/plain/index.js";

export const probe = definePlugin({
  kind: "schedule",
  name: "probe",
  version: "1",
  summary: "Hands out what it imported.",
  options: Type.Object({}),
  create: () => ({ definePlugin, Type: ownType, tensor: tf.tensor, siblingTensor, dependency: dependency.default.answer }),
});
`;
}

const siblingText = `import { tensor } from "@tensorflow/tfjs";
export const siblingTensor = tensor;
`;

async function load(folder: string, file: string): Promise<Found> {
  const plugin = await loadPluginModule(join(folder, file), "a test");
  return plugin.create({} as never, {} as never) as Found;
}

suite("module resolution of plugin files", (test) => {
  for (const extension of ["js", "mjs", "ts", "mts"]) {
    test(`gives a .${extension} file outside the repository this package and this TensorFlow.js`, async () => {
      const typed = extension.endsWith("ts") ? "const typed: number = 1;\nvoid typed;\n" : "";
      const files = {
        [`probe.${extension}`]: pluginText(`sibling.${extension}`) + typed,
        [`lib/sibling.${extension}`]: siblingText,
        "lib/node_modules/plain/index.js": "module.exports = { answer: 42 };\n",
        "lib/node_modules/plain/package.json": "{}",
      };
      await withProject(files, async (folder) => {
        const found = await load(folder, `probe.${extension}`);
        assert.is(found.definePlugin, definePlugin);
        assert.is(found.Type, Type);
        assert.is(found.tensor, tf.tensor);
        assert.is(found.siblingTensor, tf.tensor);
        assert.is(found.dependency, 42);
      });
    });
  }

  test("leaves other folders alone: a file that is no plugin's finds nothing there", async () => {
    await withProject({ "stranger.mjs": 'export * from "switchyard";\n' }, async (folder) => {
      const outcome = await import(join(folder, "stranger.mjs")).then(
        () => "imported",
        (error: unknown) => (error as { code: string }).code,
      );
      assert.is(outcome, "ERR_MODULE_NOT_FOUND");
    });
  });

  test("prefers this package to a copy that lies beside the plugin", async () => {
    const files = {
      "probe.mjs": pluginText("sibling.mjs"),
      "lib/sibling.mjs": siblingText,
      "lib/node_modules/plain/index.js": "module.exports = {};\n",
      "node_modules/switchyard/package.json": '{ "type": "module", "main": "index.js" }',
      "node_modules/switchyard/index.js": "export const definePlugin = (d) => d; export const Type = {};\n",
    };
    await withProject(files, async (folder) => {
      assert.is((await load(folder, "probe.mjs")).definePlugin, definePlugin);
    });
  });
});
