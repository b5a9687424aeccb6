import { join } from "node:path";
import * as assert from "uvu/assert";
import { packageRoot } from "../../../core/package-root.ts";
import { createCatalogue, type PluginCatalogue } from "../../../core/plugin/catalogue.ts";
import { suite } from "../../suite.ts";
import { rejection, scheduleText, withProject } from "./temporary-project.ts";
import { constantForTest, linearForTest } from "./test-plugins.ts";

const where = "a.yaml:2:12";
const builtIn = {
  "schedule/linear": () => Promise.resolve(linearForTest),
  "schedule/constant": () => Promise.resolve(constantForTest),
};

function requesting(projectFolder: string, ...specifiers: string[]): Promise<PluginCatalogue> {
  return createCatalogue({ builtIn, requested: specifiers.map((specifier) => ({ specifier, where })), projectFolder });
}

suite("catalogue: built-in plugins", (test) => {
  test("knows their names, sorted, without importing any", async () => {
    let imported = 0;
    const load = () => Promise.resolve(((imported += 1), constantForTest));
    const catalogue = await createCatalogue({
      builtIn: { "schedule/linear": load, "router/switch": load, "schedule/constant": load },
      requested: [],
      projectFolder: packageRoot,
    });
    assert.equal(catalogue.names("schedule"), ["constant", "linear"]);
    assert.equal(
      (await catalogue.list()).map(({ kind, name, origin }) => `${kind}/${name} ${origin}`),
      ["router/switch built in", "schedule/constant built in", "schedule/linear built in"],
    );
    assert.is((await catalogue.list("router")).length, 1);
    assert.ok(catalogue.has("schedule", "linear"));
    assert.not.ok(catalogue.has("router", "linear"));
    assert.is(imported, 0);
    assert.is(await catalogue.load("schedule", "constant"), constantForTest);
    await catalogue.load("schedule", "constant");
    assert.is(imported, 1);
  });

  test("names the nearest plugin for an unknown one", async () => {
    const catalogue = await requesting(packageRoot);
    const error = await rejection(catalogue.load("schedule", "linaer"));
    assert.is(error.code, "PLUGIN_UNKNOWN");
    assert.is(error.summary, 'There is no schedule plugin named "linaer". Did you mean "linear"?');
    assert.is(error.expected, "one of constant, linear");
    assert.is((await rejection(catalogue.load("loss", "l1"))).expected, "a loss plugin; none is known");
  });

  test("reports a plugin that is not what its key says", async () => {
    const catalogue = await createCatalogue({
      builtIn: { "schedule/cosine": () => Promise.resolve(constantForTest) },
      requested: [],
      projectFolder: packageRoot,
    });
    const error = await rejection(catalogue.load("schedule", "cosine"));
    assert.is(error.code, "PLUGIN_MISPLACED");
    assert.equal([error.expected, error.received], ["schedule/cosine", "schedule/constant"]);
  });
});

suite("catalogue: requested plugins", (test) => {
  test("come from files, of a path relative to the project or absolute", async () => {
    await withProject({ "my/warm.mjs": scheduleText("warm"), "cold.ts": scheduleText("cold") }, async (folder) => {
      const catalogue = await requesting(folder, "my/warm.mjs", join(folder, "cold.ts"));
      assert.equal(catalogue.names("schedule"), ["cold", "constant", "linear", "warm"]);
      const [entry] = (await catalogue.list("schedule")).filter(({ name }) => name === "warm");
      assert.is(entry!.origin, join(folder, "my/warm.mjs"));
      assert.is((await catalogue.load("schedule", "warm")).summary, "For a test.");
    });
  });

  test("come from folders: files in it and in folders named after a kind, tests and others left out", async () => {
    const files = {
      "extra/one.mjs": scheduleText("one"),
      "extra/schedule/two.js": scheduleText("two"),
      "extra/one.test.mjs": "throw new Error('a test was imported');\n",
      "extra/types.d.ts": "throw new Error('a declaration was imported');\n",
      "extra/notes.md": "notes",
      "extra/lib/shared.mjs": "throw new Error('a stranger was imported');\n",
    };
    await withProject(files, async (folder) => {
      const catalogue = await requesting(folder, "./extra");
      assert.equal(catalogue.names("schedule"), ["constant", "linear", "one", "two"]);
    });
  });

  test("come from npm packages that carry the keyword, with all the plugins that one exports", async () => {
    const manifest = {
      name: "switchyard-plugin-x",
      version: "2.1.0",
      type: "module",
      exports: { import: "./main.js" },
    };
    const files = {
      "node_modules/switchyard-plugin-x/package.json": JSON.stringify({ ...manifest, keywords: ["switchyard-plugin"] }),
      "node_modules/switchyard-plugin-x/main.js":
        scheduleText("first") + scheduleText("second").replace(/^import.*/, ""),
      "node_modules/@me/plain/package.json": JSON.stringify({ name: "@me/plain", keywords: ["plugin"] }),
    };
    await withProject(files, async (folder) => {
      const catalogue = await requesting(join(folder, "configs"), "switchyard-plugin-x");
      assert.equal(catalogue.names("schedule"), ["constant", "first", "linear", "second"]);
      assert.is((await catalogue.list("schedule"))[1]!.origin, "package switchyard-plugin-x@2.1.0");
      const error = await rejection(requesting(folder, "@me/plain"));
      assert.is(error.code, "PLUGIN_NOT_A_PLUGIN_PACKAGE");
      assert.is(error.received, 'keywords ["plugin"]');
      assert.is(error.where, where);
    });
  });

  test("are one when one file is requested twice", async () => {
    await withProject({ "p/warm.mjs": scheduleText("warm") }, async (folder) => {
      const catalogue = await requesting(folder, "./p/warm.mjs", "p/../p/warm.mjs", "./p");
      assert.equal(catalogue.names("schedule"), ["constant", "linear", "warm"]);
    });
  });

  test("may not share kind and name: both origins are told", async () => {
    const files = { "a.mjs": scheduleText("warm"), "b.mjs": scheduleText("warm"), "c.mjs": scheduleText("linear") };
    await withProject(files, async (folder) => {
      const twice = await rejection(requesting(folder, "a.mjs", "b.mjs"));
      assert.is(twice.code, "PLUGIN_DUPLICATE");
      assert.is(twice.received, `schedule/warm from ${join(folder, "a.mjs")} and from ${join(folder, "b.mjs")}`);
      assert.is(twice.where, where);
      const shadow = await rejection(requesting(folder, "c.mjs"));
      assert.is(shadow.received, `schedule/linear from built in and from ${join(folder, "c.mjs")}`);
    });
  });

  const notFound: readonly (readonly [string, string])[] = [
    ["./missing.ts", "there is no file"],
    ["missing.mjs", "there is no file"],
    ["switchyard-plugin-none", "no such file, no such folder, no such installed package"],
    ["Not A Package!", "no such file, no such folder, no such installed package"],
    ["notes.md", "is not a plugin file"],
    ["empty", "holds no plugin file"],
  ];
  for (const [specifier, text] of notFound) {
    test(`are reported when not there: ${specifier}`, async () => {
      await withProject({ "notes.md": "x", "empty/notes.md": "x" }, async (folder) => {
        const error = await rejection(requesting(folder, specifier));
        assert.is(error.code, "PLUGIN_NOT_FOUND");
        assert.is(error.where, where);
        assert.ok(error.summary.includes(text), error.summary);
      });
    });
  }
});

suite("catalogue: faulty plugin files", (test) => {
  const definition = "definePlugin({ kind: 'schedule' })";
  const head = 'import { definePlugin, Type } from "switchyard";\n';
  const faulty: readonly (readonly [string, string, string, string])[] = [
    ["exports nothing", "1;\n", "PLUGIN_NO_DEFINITION", "no export"],
    ["exports something else", "export const k = 3;\n", "PLUGIN_NO_DEFINITION", "exports k"],
    ["exports several things", `${scheduleText("a")}export const b = 1;\n`, "PLUGIN_SEVERAL_EXPORTS", "exports a, b"],
    ["exports an incomplete plugin", `${head}export default ${definition};\n`, "PLUGIN_INVALID", "version is missing"],
    ["throws", "throw new RangeError('out of cheese');\n", "PLUGIN_IMPORT_FAILED", "RangeError: out of cheese"],
    ["throws what is no error", "throw 'cheese';\n", "PLUGIN_IMPORT_FAILED", "a thrown value: cheese"],
    ["does not parse", "export const = 3;\n", "PLUGIN_IMPORT_FAILED", "Error"],
    ["imports what is not there", "import 'no-such-package';\n", "PLUGIN_IMPORT_FAILED", "no-such-package"],
    ["asks this package for what it lacks", "import { x } from 'switchyard';\n", "PLUGIN_IMPORT_FAILED", "named 'x'"],
    ["asks for an unknown entry", "import 'switchyard/secret';\n", "PLUGIN_IMPORT_FAILED", "./secret"],
  ];
  for (const [what, text, code, received] of faulty) {
    test(`are reported: a file that ${what}`, async () => {
      await withProject({ "faulty.mjs": text }, async (folder) => {
        const error = await rejection(requesting(folder, "faulty.mjs"));
        assert.is(error.code, code);
        assert.ok(error.where?.startsWith(where), error.where);
        assert.ok(error.message.includes(received), error.message);
        assert.ok(error.message.includes(join(folder, "faulty.mjs")), "the file is named");
        assert.not.match(error.message, /\n\s+at /);
      });
    });
  }

  test("are reported: a TypeScript file with a syntax error, with what is wrong in it", async () => {
    await withProject({ "faulty.ts": "export const a: = 3;\n" }, async (folder) => {
      const error = await rejection(requesting(folder, "faulty.ts"));
      assert.ok(["PLUGIN_IMPORT_FAILED", "PLUGIN_TYPESCRIPT"].includes(error.code));
      assert.ok(error.received !== undefined && error.received.length > 10, error.received);
    });
  });
});

suite("catalogue: the project's own plugins/ folder", (test) => {
  test("is known by path and imported only when used", async () => {
    const files = {
      "plugins/schedule/warm.mjs": scheduleText("warm"),
      "plugins/router/broken.mjs": "throw new Error('imported');\n",
      "plugins/loose.mjs": scheduleText("loose"),
    };
    await withProject(files, async (folder) => {
      const catalogue = await requesting(folder);
      assert.equal(catalogue.names("router"), ["broken"]);
      assert.equal(catalogue.names("schedule"), ["constant", "linear", "loose", "warm"]);
      assert.is((await catalogue.load("schedule", "warm")).name, "warm");
      assert.is((await rejection(catalogue.load("router", "broken"))).code, "PLUGIN_IMPORT_FAILED");
    });
  });

  test("must name files after their plugins", async () => {
    await withProject({ "plugins/schedule/warm.mjs": scheduleText("cold") }, async (folder) => {
      const error = await rejection((await requesting(folder)).load("schedule", "warm"));
      assert.equal(
        [error.code, error.expected, error.received],
        ["PLUGIN_MISPLACED", "schedule/warm", "schedule/cold"],
      );
    });
    await withProject({ "plugins/schedule/Warm.mjs": scheduleText("warm") }, async (folder) => {
      assert.is((await rejection(requesting(folder))).code, "PLUGIN_MISPLACED");
    });
  });

  test("may be requested as well, and may not hide a built-in plugin", async () => {
    await withProject({ "plugins/schedule/warm.mjs": scheduleText("warm") }, async (folder) => {
      assert.ok((await requesting(folder, "plugins")).has("schedule", "warm"));
    });
    await withProject({ "plugins/schedule/linear.mjs": scheduleText("linear") }, async (folder) => {
      assert.is((await rejection(requesting(folder))).code, "PLUGIN_DUPLICATE");
    });
  });

  test("is this package's own when the project is this repository, and then adds nothing", async () => {
    assert.equal((await requesting(packageRoot)).names("router"), []);
  });
});
