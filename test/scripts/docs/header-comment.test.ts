import * as assert from "uvu/assert";
import { readHeaderComment } from "../../../scripts/docs/header-comment.ts";
import { suite } from "../../suite.ts";

const source = `/**
 * Keeps the best,
 * and nothing else.
 *
 *   f = best(z)
 *     z   where it comes from
 *
 * Then more prose with \`code\`.
 * NOTE(deviation): the original keeps
 * the worst.
 *
 * Shapes: B rows, D width.
 * Symbols: z a score.
 * @see Somebody 2024 (arXiv 2401.00001), section 3; their code
 *   best.py; docs/paper-map.md
 */
import { x } from "./x.ts";
/** Not the header. */
`;

suite("header comments of plugins", (test) => {
  const { blocks, shapes, symbols, sources } = readHeaderComment(source, "a.ts");

  test("give prose, equations without their indent, and deviations, in order", () => {
    assert.equal(blocks, [
      { kind: "prose", text: "Keeps the best,\nand nothing else." },
      { kind: "equation", text: "f = best(z)\n  z   where it comes from" },
      { kind: "prose", text: "Then more prose with `code`." },
      { kind: "deviation", text: "the original keeps the worst." },
    ]);
  });

  test("give shapes, symbols and sources by themselves", () => {
    assert.is(shapes, "B rows, D width");
    assert.is(symbols, "z a score");
    assert.equal(sources, ["Somebody 2024 (arXiv 2401.00001), section 3", "their code best.py", "docs/paper-map.md"]);
  });

  test("may leave out all but prose", () => {
    assert.equal(readHeaderComment("/**\n * Only this.\n */\n", "a.ts"), {
      blocks: [{ kind: "prose", text: "Only this." }],
      shapes: undefined,
      symbols: undefined,
      sources: [],
    });
  });

  test("are asked for by the name of the file that lacks one", () => {
    assert.throws(() => readHeaderComment("// no comment of the kind\n", "plugins/a.ts"), /plugins\/a\.ts/);
  });
});
