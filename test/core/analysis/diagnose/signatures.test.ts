import { readFileSync, readdirSync } from "node:fs";
import * as assert from "uvu/assert";
import { diagnoseRuns } from "../../../../core/analysis/diagnose/diagnose-runs.ts";
import { signatures } from "../../../../core/analysis/diagnose/signatures.ts";
import { suite } from "../../../suite.ts";
import { diagnosed } from "./diagnosed.ts";

suite("failure signatures", (test) => {
  test("each has a test, and its thresholds stand in docs/diagnose.md with their reasons", () => {
    const guide = readFileSync("docs/diagnose.md", "utf8").replaceAll(/\s*\|\s*/g, "|");
    const tests = readdirSync("test/core/analysis/diagnose");
    assert.is(signatures.length, 12);
    for (const { name, thresholds } of signatures) {
      assert.ok(tests.includes(`${name}.test.ts`), name);
      for (const [threshold, { value, why }] of Object.entries(thresholds)) {
        assert.ok(guide.includes(`|\`${name}\`|\`${threshold}\`|${value}|${why}|`), `${name} ${threshold}`);
      }
    }
  });

  test("see nothing in a healthy run, and rank what they see by severity", () => {
    const [healthy] = diagnoseRuns([diagnosed()]);
    assert.equal([healthy!.findings, healthy!.unknown], [[], []]);
    const sick = diagnosed({ k: 200, metrics: { "sparsity/l0": 150, "duplication/duplicates": 0.07 } });
    const [{ findings } = { findings: [] }] = diagnoseRuns([sick]);
    assert.equal(
      findings.map(({ signature, severity }) => `${severity} ${signature}`),
      ["warning unbound-k", "warning l0-below-k", "note duplicate-features"],
    );
    assert.equal(findings[0]!.thresholds, { "most-share": 0.6, "problem-share": 0.95 });
  });
});
