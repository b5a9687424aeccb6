import * as assert from "uvu/assert";
import { scaffoldKinds } from "../../../core/scaffold/kinds.ts";
import { docText, ownTestText, repositoryTestText } from "../../../core/scaffold/texts.ts";
import { suite } from "../../suite.ts";

suite("texts of a new plugin", (test) => {
  const plugin = { kind: "router", name: "by-hash", exported: "byHash" } as const;

  test("include a test for node --test that loads the file and runs its suite", () => {
    const text = ownTestText(plugin);
    assert.match(text, /import \{ routerConformance, loadPluginFile \} from "switchyard\/conformance";/);
    assert.match(text, /new URL\("\.\.\/\.\.\/\.\.\/plugins\/router\/by-hash\.ts", import\.meta\.url\)/);
  });

  test("include a test for this repository's runner", () => {
    const text = repositoryTestText(plugin);
    assert.match(text, /import \{ byHash \} from "\.\.\/\.\.\/\.\.\/plugins\/router\/by-hash\.ts";/);
    assert.match(text, /suite\("router by-hash"/);
  });

  test("include a document that shows how a config uses the plugin", () => {
    for (const kind of scaffoldKinds) {
      const text = docText({ ...plugin, kind });
      assert.match(text, /^# by-hash\n/);
      assert.ok(text.includes(`plugins: [./plugins/${kind}/by-hash.ts]\n`));
      assert.ok(text.split("by-hash").length >= 5);
    }
  });
});
