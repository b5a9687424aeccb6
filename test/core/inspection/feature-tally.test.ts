import * as assert from "uvu/assert";
import { FeatureTally } from "../../../core/inspection/feature-tally.ts";
import { suite } from "../../suite.ts";
import { throwsWith } from "../data/expect-error.ts";
import { scrambled } from "../evaluation/fixtures.ts";

suite("a tally of features", (test) => {
  test("keeps the strongest place of a context, and the strongest contexts, whatever their order", () => {
    const values = scrambled(40 * 5, 3).map((value) => Math.max(0, Math.round(value * 50)));
    const tally = new FeatureTally({ features: 2, slots: 4, radius: 1 });
    for (let context = 0; context < 40; context++) {
      for (let position = 0; position < 5; position++) {
        const value = values[context * 5 + position]!;
        if (value > 0) tally.add(1, position, value);
      }
      tally.endContext(context);
    }
    const best = Array.from({ length: 40 }, (_unused, context) => {
      const own = values.slice(context * 5, (context + 1) * 5);
      const value = Math.max(...own);
      return { context, position: own.indexOf(value), value, own };
    })
      .filter(({ value }) => value > 0)
      .sort((a, b) => b.value - a.value || a.context - b.context)
      .slice(0, 4);
    const places = tally.places(1);
    assert.equal(
      places.map(({ context, position, value }) => ({ context, position, value })),
      best.map(({ context, position, value }) => ({ context, position, value })),
    );
    for (const [i, { around, position }] of places.entries()) {
      const { own } = best[i]!;
      assert.equal([...around], [own[position - 1] ?? 0, own[position]!, own[position + 1] ?? 0]);
    }
    assert.is(tally.firings(1), values.filter((value) => value > 0).length);
    assert.is(tally.mean(1), values.reduce((sum, value) => sum + value, 0) / tally.firings(1));
  });

  test("says nothing of a feature that is never active", () => {
    const tally = new FeatureTally({ features: 2, slots: 4, radius: 1 });
    tally.add(1, 0, 1);
    tally.endContext(0);
    assert.equal([tally.firings(0), tally.mean(0), tally.places(0)], [0, 0, []]);
  });

  test("clears what stood around the place that a stronger one takes", () => {
    const tally = new FeatureTally({ features: 1, slots: 1, radius: 1 });
    tally.add(0, 0, 1);
    tally.add(0, 1, 2);
    tally.endContext(0);
    tally.add(0, 4, 3);
    tally.endContext(1);
    const [place] = tally.places(0);
    assert.equal([place?.context, place?.position, ...(place?.around ?? [])], [1, 4, 0, 3, 0]);
  });

  test("keeps the earlier of two contexts that are equally strong", () => {
    const tally = new FeatureTally({ features: 1, slots: 1, radius: 0 });
    for (const context of [3, 4]) {
      tally.add(0, 0, 0.1);
      tally.endContext(context);
    }
    assert.is(tally.places(0)[0]?.context, 3);
  });

  test("counts negative values too, whose strongest is the largest", () => {
    const tally = new FeatureTally({ features: 1, slots: 1, radius: 0 });
    tally.add(0, 0, -3);
    tally.add(0, 1, -1);
    tally.endContext(0);
    assert.equal([tally.places(0)[0]?.value, tally.mean(0)], [-1, -2]);
  });

  test("refuses what is not finite", () => {
    const tally = new FeatureTally({ features: 1, slots: 1, radius: 0 });
    throwsWith("METRIC_NOT_FINITE", () => {
      tally.add(0, 0, Number.NaN);
    });
  });
});
