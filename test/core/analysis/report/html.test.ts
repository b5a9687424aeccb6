import * as assert from "uvu/assert";
import { escapeHtml, scriptJson, scriptSource } from "../../../../core/analysis/report/html.ts";
import { suite } from "../../../suite.ts";

suite("escapeHtml", (test) => {
  test("leaves nothing that could open a tag or end an attribute", () => {
    assert.is(escapeHtml(`<img src=x onerror="f('a')">&`), "&lt;img src=x onerror=&quot;f(&#39;a&#39;)&quot;&gt;&amp;");
  });

  test("leaves plain text alone", () => {
    assert.is(escapeHtml("router=switch-experts=8"), "router=switch-experts=8");
  });
});

suite("scriptJson", (test) => {
  test("cannot end its script element, and reads back as the same value", () => {
    const value = { name: "</script><script>alert(1)</script><!--", list: [1, null] };
    const text = scriptJson(value);
    assert.not.match(text, "<");
    assert.equal(JSON.parse(text), value);
  });
});

suite("scriptSource", (test) => {
  test("cannot end its script element, and means the same", () => {
    const source = scriptSource(`"</script>" + "</SCRIPT >" + "<!--"`);
    assert.not.match(source, /<\/script/i);
    assert.not.match(source, "<!--");
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- that the escapes mean the same is the test
    assert.is((new Function(`return ${source}`) as () => string)(), "</script></SCRIPT ><!--");
  });
});
