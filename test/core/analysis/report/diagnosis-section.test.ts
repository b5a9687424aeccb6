import * as assert from "uvu/assert";
import { diagnosisSection } from "../../../../core/analysis/report/diagnosis-section.ts";
import { runStyles } from "../../../../core/analysis/run-styles.ts";
import { suite } from "../../../suite.ts";
import { curve, diagnosed } from "../diagnose/diagnosed.ts";

suite("the diagnosis in the report", (test) => {
  test("opens what is serious, folds notes away, and leaves healthy runs out", () => {
    const healthy = diagnosed({ name: "healthy" }).run;
    const noted = diagnosed({
      name: "noted",
      log: curve((s) => 100 + 300 * Math.exp(-20 * s), { gradientNorm: 9 }),
    }).run;
    const dead = diagnosed({ name: "dead <run>", metrics: { "sparsity/dead-fraction": 0.7 } }).run;
    const runs = [healthy, noted, dead];
    const html = diagnosisSection(runs, runStyles(runs));
    assert.not.match(html, /healthy/);
    assert.match(html, /<details class="findings"><summary>.*noted.*clipped-gradient/);
    assert.match(html, /<details class="findings" open><summary>.*dead &lt;run&gt;.*badge is-problem">dead-features/);
    assert.match(html, /<code>model\.expert\.k=32<\/code>/);
  });

  test("is not there when there is nothing to say", () => {
    const { run } = diagnosed();
    assert.is(diagnosisSection([run], runStyles([run])), "");
  });
});
