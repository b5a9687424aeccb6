import * as assert from "uvu/assert";
import { suite } from "../suite.ts";
import { circles, loadsTensorLibrary, roomOf, violations } from "./import-rules.ts";
import { importsOf, type Import } from "./read-imports.ts";

function statically(from: string, to: string): Import {
  return { from, to, isType: false, isDynamic: false };
}

suite("import reader", (test) => {
  test("finds every form of import, relative to the file", () => {
    const text = `
      import { a } from "./a.ts";
      import type { B } from "../b.ts";
      import { type C, type D } from "../../kernels/c.ts";
      import { type E, f } from "./f.ts";
      import * as tf from "@tensorflow/tfjs";
      import "./side.ts";
      export { g } from "./g.ts";
      export type * from "./h.ts";
      const i = await import("./i.ts");
      type J = import("./j.ts").J;
      declare module "../plugin/kinds.ts" { interface PluginKinds { x: 1 } }
      // import { k } from "./comment.ts";
      const text = 'import { l } from "./string.ts"';
      const template = \`
import { m } from "./template.ts";\`;
    `;
    const shown = importsOf("core/model/x.ts", text).map(
      ({ to, isType, isDynamic }) => `${to}${isType ? " type" : ""}${isDynamic ? " dynamic" : ""}`,
    );
    assert.equal(shown, [
      "core/model/a.ts",
      "core/b.ts type",
      "kernels/c.ts type",
      "core/model/f.ts",
      "@tensorflow/tfjs",
      "core/model/side.ts",
      "core/model/g.ts",
      "core/model/h.ts type",
      "core/model/i.ts dynamic",
      "core/model/j.ts type",
    ]);
  });
});

suite("import rules", (test) => {
  const broken: readonly (readonly [rule: string, found: Import])[] = [
    ["core imports point downward only", statically("core/model/a.ts", "core/run/b.ts")],
    ["core imports point downward only", { ...statically("core/errors/a.ts", "core/plugin/b.ts"), isType: true }],
    ["core imports point downward only", statically("core/data/a.ts", "core/language-model/b.ts")],
    ["core imports point downward only", statically("core/evaluation/a.ts", "core/services.ts")],
    ["core imports point downward only", { ...statically("core/run/a.ts", "core/cli/b.ts"), isDynamic: true }],
    ["one of them has no place in the order of core's rooms", statically("core/utils/a.ts", "core/errors/b.ts")],
    ["kernels import nothing else of the repository", statically("kernels/adam/a.ts", "core/errors/b.ts")],
    ["plugins never import each other", statically("plugins/router/a.ts", "plugins/expert/b.ts")],
    [
      "only the composition root imports plugins, and only their catalogue",
      statically("core/run/a.ts", "plugins/catalogue.ts"),
    ],
    [
      "only the composition root imports plugins, and only their catalogue",
      statically("core/cli/composition-root.ts", "plugins/router/switch.ts"),
    ],
    ["sources import no tests and no tools", statically("core/cli/a.ts", "test/suite.ts")],
    ["sources import no tests and no tools", statically("plugins/router/a.ts", "scripts/b.ts")],
    [
      "only kernels import a tensor library; take it by deps: { tf: tensorFlowRef }",
      statically("plugins/router/a.ts", "@tensorflow/tfjs"),
    ],
    [
      "only kernels import a tensor library; take it by deps: { tf: tensorFlowRef }",
      statically("core/model/a.ts", "@tensorflow/tfjs-core"),
    ],
    ["the catalogue imports lazily", statically("plugins/catalogue.ts", "plugins/router/switch.ts")],
  ];
  for (const [rule, found] of broken) {
    test(`refuse ${found.from} importing ${found.to}`, () => {
      assert.equal(violations([found]), [`${found.from} imports ${found.to}: ${rule}`]);
    });
  }

  test("allow what the house allows", () => {
    const allowed: readonly Import[] = [
      statically("core/run/a.ts", "core/model/b.ts"),
      statically("core/model/a.ts", "core/model/b.ts"),
      statically("core/model/a.ts", "kernels/kernels.ts"),
      statically("plugins/router/a.ts", "core/services.ts"),
      statically("plugins/loss/a.ts", "kernels/kernels.ts"),
      statically("core/cli/composition-root.ts", "plugins/catalogue.ts"),
      { ...statically("plugins/catalogue.ts", "plugins/router/switch.ts"), isDynamic: true },
      { ...statically("plugins/router/a.ts", "@tensorflow/tfjs"), isType: true },
      statically("kernels/devices/cpu.ts", "@tensorflow/tfjs"),
      statically("core/config/a.ts", "yaml"),
    ];
    assert.equal(violations(allowed), []);
  });

  test("find circles between files, and between rooms whose files make none", () => {
    const chain = [statically("core/a/1.ts", "core/b/1.ts"), statically("core/b/2.ts", "core/a/2.ts")];
    assert.equal(circles(chain), []);
    assert.equal(circles(chain, roomOf), ["core/a -> core/b -> core/a"]);
    const circle = [
      statically("core/a/1.ts", "core/a/2.ts"),
      { ...statically("core/a/2.ts", "core/a/3.ts"), isType: true },
      statically("core/a/3.ts", "core/a/1.ts"),
    ];
    assert.equal(circles(circle), ["core/a/1.ts -> core/a/2.ts -> core/a/3.ts -> core/a/1.ts"]);
    assert.equal(circles([{ ...circle[0]!, isDynamic: true }, ...circle.slice(1)]), []);
  });

  test("find the shortest chain to a tensor library, and none through types or lazy imports", () => {
    const chain = [
      statically("plugins/x.ts", "core/a.ts"),
      statically("core/a.ts", "kernels/b.ts"),
      statically("kernels/b.ts", "@tensorflow/tfjs"),
    ];
    assert.equal(loadsTensorLibrary(chain, ["plugins/x.ts"]), [
      "plugins/x.ts -> core/a.ts -> kernels/b.ts -> @tensorflow/tfjs",
    ]);
    for (const change of [{ isType: true }, { isDynamic: true }]) {
      assert.equal(loadsTensorLibrary([chain[0]!, { ...chain[1]!, ...change }, chain[2]!], ["plugins/x.ts"]), []);
    }
  });
});
