import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { packageRoot } from "../../../core/package-root.ts";
import { readNotation, symbolsIn } from "../../../scripts/docs/notation-symbols.ts";
import { suite } from "../../suite.ts";

const page = `# Notation

| letter | is |
| --- | --- |
| \`B\` | rows |

## Symbols of the papers and names in the code

| symbol | meaning | name |
| --- | --- | --- |
| x | an activation | \`acts_BD\` |
| b_dec, b_pre | decoder bias | \`decoder_bias\` |
| p(x) | distribution | \`probabilities_BE\` |
|  | no symbol | \`gates_BR\` |

After it.
`;

suite("symbols of equations", (test) => {
  const notation = readNotation(page);
  const found = (equations: string): readonly string[] => symbolsIn(equations, notation).map(({ name }) => name);

  test("are read from the second table of the notation page, rows without a symbol left out", () => {
    assert.equal(
      notation.map(({ symbols }) => symbols),
      ["x", "b_dec, b_pre", "p(x)"],
    );
  });

  test("are found as whole words, by any of their spellings, once", () => {
    assert.equal(found("f = W (x - b_dec) + b_dec"), ["`acts_BD`", "`decoder_bias`"]);
    assert.equal(found("y - b_pre"), ["`decoder_bias`"]);
    assert.equal(found("gate = p[e*]"), ["`probabilities_BE`"]);
    assert.equal(found("x_hat, sum_p, max"), []);
  });

  test("are those of docs/notation.md", () => {
    const real = readNotation(readFileSync(join(packageRoot, "docs", "notation.md"), "utf8"));
    assert.ok(real.length >= 14, `${real.length}`);
    assert.ok(symbolsIn("x_hat = W_dec f + b_dec", real).length >= 4);
  });

  test("need their table", () => {
    assert.throws(() => readNotation("# Notation\n"), /Symbols of the papers/);
  });
});
