import * as assert from "uvu/assert";
import { RankedSlots } from "../../../core/inspection/ranked-slots.ts";
import { suite } from "../../suite.ts";
import { scrambled } from "../evaluation/fixtures.ts";

suite("ranked slots", (test) => {
  test("keep the best few of every question, best first, as a sort would", () => {
    const slots = new RankedSlots(3, 5);
    const scores = [0, 1, 2].map((question) => scrambled(200, question));
    // Questions take turns, so that none disturbs another.
    for (let id = 0; id < 200; id++)
      scores.forEach((values, question) => {
        slots.offer(question, id, values[id]!);
      });
    for (const [question, values] of scores.entries()) {
      const sorted = values.map((score, id) => ({ id, score })).sort((a, b) => b.score - a.score);
      assert.equal(
        slots.of(question).map(({ id }) => id),
        sorted.slice(0, 5).map(({ id }) => id),
      );
      for (const { id, score } of slots.of(question)) assert.is(score, Math.fround(values[id]!));
    }
  });

  test("leave the one that came first in front of its equals", () => {
    const slots = new RankedSlots(1, 2);
    [4, 5, 6].forEach((id) => {
      slots.offer(0, id, 1);
    });
    assert.equal(
      slots.of(0).map(({ id }) => id),
      [4, 5],
    );
  });

  test("give what there is when fewer were offered, and never take a NaN", () => {
    const slots = new RankedSlots(2, 3);
    slots.offer(1, 7, -2);
    slots.offer(1, 8, Number.NaN);
    assert.equal(slots.of(0), []);
    assert.equal(slots.of(1), [{ id: 7, score: -2 }]);
  });
});
