import * as assert from "uvu/assert";
import { oneOf, readDeviceWords, readWords, WordError } from "../../bench/words.ts";
import { suite } from "../suite.ts";

const initial = { experts: "1,16", steps: "7", device: "native" };

/** The message of the WordError that reading throws. */
function refusal(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof WordError) return error.message;
    throw error;
  }
  throw new Error("nothing was refused");
}

suite("words of the benches", (test) => {
  test("take the defaults where nothing is said", () => {
    const words = readWords([], initial);
    assert.equal(words.counts("experts"), [1, 16]);
    assert.is(words.count("steps"), 7);
    assert.is(words.text("device"), "native");
    assert.is(words.isJson, false);
  });

  test("are read in any order, with --json among them", () => {
    const words = readWords(["steps=3", "--json", "experts=4"], initial);
    assert.equal(words.counts("experts"), [4]);
    assert.is(words.count("steps"), 3);
    assert.is(words.isJson, true);
  });

  test("keep what follows the first equals sign", () => {
    assert.is(readWords(["device=a=b"], initial).text("device"), "a=b");
  });

  test("name all options when one is unknown, without a value, or empty", () => {
    for (const word of ["step=3", "steps", "steps=", "--quiet"]) {
      const message = refusal(() => readWords([word], initial));
      assert.match(message, word);
      assert.match(message, "experts=1,16");
    }
  });

  test("have other defaults on a GPU, which a word overrides", () => {
    const steps = (...argv: string[]): number => readDeviceWords(argv, initial, { steps: "20" }).count("steps");
    assert.is(steps(), 7);
    assert.is(steps("device=webgpu"), 20);
    assert.is(steps("steps=3", "device=webgpu"), 3);
  });

  test("refuse what is no count", () => {
    for (const value of ["0", "-1", "1.5", "two", "1,", "1e3"]) {
      const words = readWords([`steps=${value}`], initial);
      assert.match(
        refusal(() => words.counts("steps")),
        "whole number from 1",
      );
    }
  });

  test("refuse a name that is none of those allowed", () => {
    assert.is(oneOf("device", "cpu", ["cpu", "wasm"]), "cpu");
    assert.match(
      refusal(() => oneOf("device", "gpu", ["cpu", "wasm"])),
      "one of cpu, wasm",
    );
  });
});
