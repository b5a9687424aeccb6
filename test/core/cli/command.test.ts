import * as assert from "uvu/assert";
import { countOf, helpOf, oneOf, parseWords } from "../../../core/cli/command.ts";
import type { Command } from "../../../core/cli/command.ts";
import { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { suite } from "../../suite.ts";

const example: Command = {
  name: "example",
  summary: "Does nothing.",
  usage: "switchyard example <a> [b]",
  flags: {
    out: { type: "string", value: "<file>", help: "Where to." },
    json: { type: "boolean", help: "As JSON." },
  },
  examples: ["switchyard example x"],
  positionals: [1, 2],
  run: () => Promise.resolve(0),
};

function errorOf(...argv: string[]): SwitchyardError {
  try {
    parseWords(example, argv);
  } catch (error) {
    if (error instanceof SwitchyardError) return error;
    throw error;
  }
  throw new Error("the words were accepted");
}

suite("words of a command", (test) => {
  test("are flags and positionals in any order", () => {
    const words = parseWords(example, ["--json", "a", "--out", "file", "b=-1"]);
    assert.equal(words.positionals, ["a", "b=-1"]);
    assert.equal([words.has("json"), words.get("out"), words.has("help")], [true, "file", false]);
    assert.is(parseWords(example, ["a", "--out=x=y"]).get("out"), "x=y");
    assert.is(parseWords(example, ["a"]).get("out"), undefined);
  });

  test("keep Hydra's signs as they are", () => {
    assert.equal(parseWords(example, ["~drop", "++a.b=1"]).positionals, ["~drop", "++a.b=1"]);
    assert.equal(parseWords(example, ["a", "--", "--json"]).positionals, ["a", "--json"]);
  });

  test("that are unknown flags come with the nearest one", () => {
    const error = errorOf("a", "--jsno");
    assert.is(error.code, "UNKNOWN_FLAG");
    assert.match(error.message, /Did you mean --json\?[\s\S]*without dashes/);
    assert.is(errorOf("a", "-x").code, "UNKNOWN_FLAG");
    assert.is(errorOf("a", "--toString").code, "UNKNOWN_FLAG");
  });

  test("say when a value is missing, or one too many", () => {
    for (const argv of [
      ["a", "--out"],
      ["a", "--out", "--json"],
      ["a", "--out="],
      ["a", "--json=yes"],
    ]) {
      assert.is(errorOf(...argv).code, "FLAG_VALUE", argv.join(" "));
    }
  });

  test("say when there are too few or too many", () => {
    assert.match(errorOf().message, /ARGUMENT_COUNT[\s\S]*switchyard example <a> \[b\][\s\S]*no words/);
    assert.match(errorOf("a", "b", "c").message, /too many[\s\S]*a b c/);
    assert.is(parseWords(example, ["--help"]).has("help"), true);
    assert.is(parseWords(example, ["-h"]).has("help"), true);
  });

  test("give counts and choices, or say what they may be", () => {
    const words = (value: string): ReturnType<typeof parseWords> => parseWords(example, ["a", "--out", value]);
    assert.is(countOf(words("12"), "out"), 12);
    assert.is(countOf(parseWords(example, ["a"]), "out"), undefined);
    for (const wrong of ["0", "-1", "1.5", "many", "1e3"]) {
      assert.throws(() => countOf(words(wrong), "out"), /FLAG_VALUE/, wrong);
    }
    assert.is(oneOf(words("all"), "out", ["failed", "all"]), "all");
    assert.throws(() => oneOf(words("some"), "out", ["failed", "all"]), /failed or all/);
  });

  test("are explained by the help, with examples", () => {
    const help = helpOf(example);
    for (const part of [example.summary, example.usage, "--out <file>", "--json", "--help", "switchyard example x"]) {
      assert.ok(help.includes(part), part);
    }
  });
});
