import * as assert from "uvu/assert";
import { messageOf, SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { suite } from "../../suite.ts";

suite("the error that Switchyard throws", (test) => {
  test("has a text made of its fields, in one order", () => {
    const error = new SwitchyardError("FLAG_VALUE", "It is wrong.", { next: "Choose.", where: "here", received: "7" });
    assert.is(error.message, "It is wrong. [FLAG_VALUE]\n  where     here\n  received  7\n  next      Choose.");
    assert.equal([error.code, error.summary, error.expected], ["FLAG_VALUE", "It is wrong.", undefined]);
  });
});

suite("the text of a thrown value", (test) => {
  test("is the message of an error, and any other value as text", () => {
    assert.equal([new RangeError("why"), "text", 7, null, undefined, Symbol("s")].map(messageOf), [
      ...["why", "text", "7", "null", "undefined", "Symbol(s)"],
    ]);
  });

  test("is a sentence for a value that has none", () => {
    assert.is(messageOf(Object.create(null)), "a thrown value that has no text");
  });
});
