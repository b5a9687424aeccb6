import { readFileSync } from "node:fs";
import * as assert from "uvu/assert";
import { referencePages } from "../../scripts/build-docs.ts";
import { suite } from "../suite.ts";

suite("the generated reference", (test) => {
  test("is what the schemas and error codes say (npm run docs writes it)", async () => {
    for (const [name, text] of await referencePages()) {
      const file = new URL(`../../docs/reference/${name}`, import.meta.url);
      assert.is(readFileSync(file, "utf8"), text, `docs/reference/${name} is out of date: npm run docs`);
    }
  });
  test("documents every key with a description, a type and a default", async () => {
    const rows = [...(await referencePages()).values()].flatMap((text) => text.match(/^\| `.*$/gm) ?? []);
    assert.ok(rows.length > 60, `${rows.length} rows`);
    for (const row of rows) {
      const cells = row.split(/(?<!\\)\|/).map((cell) => cell.trim());
      assert.is(cells.length, 6, row);
      for (const cell of cells.slice(1, 5)) assert.ok(cell.length > 0, row);
    }
  });
});
