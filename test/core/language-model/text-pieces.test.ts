import { readFileSync } from "node:fs";
import * as assert from "uvu/assert";
import { textPieces } from "../../../core/language-model/text-pieces.ts";
import { loadTokenizer } from "../../../core/language-model/tokenizer.ts";
import { suite } from "../../suite.ts";

suite("text-pieces", (test) => {
  test("leaves the text whole and starts every further piece with white space", () => {
    const text = "one  two\n\nthree four<|endoftext|> five ";
    const pieces = [...textPieces(text, 4)];
    assert.is(pieces.join(""), text);
    assert.ok(pieces.length > 3);
    for (const piece of pieces.slice(1)) assert.match(piece, /^\s/);
    for (const piece of pieces.slice(0, -1)) assert.ok(piece.length >= 4 && /\S$/.test(piece));
  });

  test("does not cut where there is no place to", () => {
    assert.equal([...textPieces("", 3)], [""]);
    assert.equal([...textPieces("abcdefghij", 3)], ["abcdefghij"]);
    assert.equal([...textPieces("          ", 3)], ["          "]);
    assert.equal([...textPieces("short", 100)], ["short"]);
  });

  test("changes no token, wherever a novel is cut", async () => {
    const tokenizer = await loadTokenizer("data/tiny-gpt2");
    const novel = readFileSync("data/text/the-time-machine.txt", "utf8").slice(0, 30_000);
    const whole = tokenizer.encode(novel);
    for (const size of [1, 13, 1000]) {
      assert.equal(
        [...textPieces(novel, size)].flatMap((piece) => tokenizer.encode(piece)),
        whole,
        `pieces of ${size}`,
      );
    }
  });
});
