import * as assert from "uvu/assert";
import { splitContexts } from "../../../core/language-model/contexts.ts";
import type { ContextOptions } from "../../../core/language-model/contexts.ts";
import type { TokenSequence } from "../../../core/language-model/token-sequence.ts";
import { suite } from "../../suite.ts";
import { throwsWith } from "../data/expect-error.ts";

/** Sequences that count on: the first holds 0, 1, 2, ... */
function sequences(...lengths: readonly number[]): readonly TokenSequence[] {
  let next = 0;
  return lengths.map((length, i) => ({ where: `text ${i}`, ids: Int32Array.from({ length }, () => next++) }));
}

const options: ContextOptions = { contextLength: 10, maxContexts: Number.POSITIVE_INFINITY, heldOutFraction: 0.1 };

suite("contexts", (test) => {
  test("drops the remainder of each sequence and joins nothing across them", () => {
    const { train, heldOut } = splitContexts(sequences(27, 35), { ...options, heldOutFraction: 0 });
    const starts = [0, 10, 27, 37, 47];
    assert.equal(
      [...train],
      starts.flatMap((start) => Array.from({ length: 10 }, (_, i) => start + i)),
    );
    assert.is(heldOut.length, 0);
  });

  test("holds out the last contexts of each sequence", () => {
    const { train, heldOut } = splitContexts(sequences(100, 200), options);
    assert.equal([train.length, heldOut.length], [270, 30]);
    assert.equal(
      [0, 10, 20].map((i) => heldOut[i]).sort((a, b) => a! - b!),
      [90, 280, 290],
    );
    assert.equal([train[89], train[90]], [89, 100]);
  });

  test("interleaves held-out contexts in proportion, so that the first ones stand for every sequence", () => {
    const { heldOut } = splitContexts(sequences(200, 400), { ...options, heldOutFraction: 0.2 });
    const firsts = Array.from({ length: heldOut.length / 10 }, (_, i) => heldOut[10 * i]!);
    // 4 of the first (160 to 190), 8 of the second (520 to 590): each third is one and two.
    assert.equal(firsts, [520, 160, 530, 540, 170, 550, 560, 180, 570, 580, 190, 590]);
  });

  test("holds out the share of the whole, not of each short sequence", () => {
    const { train, heldOut } = splitContexts(sequences(...new Array<number>(40).fill(10)), options);
    assert.equal([train.length, heldOut.length], [360, 40]);
    assert.equal(
      [0, 10, 20, 30].map((i) => heldOut[i]),
      [0, 100, 200, 300],
    );
  });

  test("holds out at least one context when a share is asked for", () => {
    const { train, heldOut } = splitContexts(sequences(20), { ...options, heldOutFraction: 0.001 });
    assert.equal([train.length, heldOut.length], [10, 10]);
  });

  test("takes no more contexts than asked for, of the sequences in order", () => {
    const { train, heldOut } = splitContexts(sequences(50, 50, 50), { ...options, maxContexts: 7 });
    assert.equal([train.length, heldOut.length], [60, 10]);
    assert.equal(heldOut[0], 40);
    assert.equal(train.at(-1), 69);
  });

  test("refuses an empty or too short sequence, by name", () => {
    const empty = throwsWith("TEXT_TOO_SHORT", () => splitContexts(sequences(50, 0), options));
    assert.is(empty.where, "text 1");
    assert.is(empty.summary, "The text is empty.");
    const short = throwsWith("TEXT_TOO_SHORT", () => splitContexts(sequences(9), options));
    assert.is(short.received, "9 tokens");
    assert.match(short.expected ?? "", /context of 10 tokens/);
  });

  test("refuses to leave nothing to train on", () => {
    const error = throwsWith("SOURCE_OPTIONS", () => splitContexts(sequences(10), options));
    assert.match(error.received ?? "", /1 contexts of 10 tokens, 1 of them held out/);
    throwsWith("SOURCE_OPTIONS", () => splitContexts([], options));
  });
});
