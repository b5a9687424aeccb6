import * as assert from "uvu/assert";
import { describeMachine } from "../../../bench/machine.ts";
import { plannedSubjects, readHarvestWords } from "../../../bench/harvest/options.ts";
import { errorOverScale, harvestJson, harvestRatio, tokensPerSecond } from "../../../bench/harvest/result.ts";
import { suite } from "../../suite.ts";

const run = { model: "tiny-gpt2", tokens: 1024, error: 1e-6, peerMs: [20, 10, 30], oursMs: [40] } as const;

suite("the harvest bench", (test) => {
  test("runs the quickstart's model unless it is told otherwise", () => {
    assert.equal(plannedSubjects(readHarvestWords([])), ["tiny-gpt2"]);
    assert.equal(plannedSubjects(readHarvestWords(["models=gpt2-small"])), ["gpt2-small"]);
    assert.is(readHarvestWords(["device=webgpu", "adapter=llvmpipe"]).text("adapter"), "llvmpipe");
    assert.throws(() => plannedSubjects(readHarvestWords(["models=gpt3"])), /one of tiny-gpt2, gpt2-small/);
  });

  test("counts tokens of the median pass", () => {
    assert.is(tokensPerSecond(run, run.peerMs), 1024 / 0.02);
    assert.is(harvestRatio(run), 0.5);
  });

  test("measures the largest difference against the scale of all activations", () => {
    assert.is(errorOverScale([3, 4], [3, 4]), 0);
    assert.is(errorOverScale([3.5, 4], [3, 4]), 0.5 / Math.sqrt(12.5));
    assert.is(errorOverScale([3], [3, 4]), Number.POSITIVE_INFINITY);
    assert.is(errorOverScale([Number.NaN, 4], [3, 4]), Number.POSITIVE_INFINITY);
  });

  test("makes one line of JSON", () => {
    const report = { runs: [run], machine: describeMachine(), threads: 2, device: "native", versions: {} };
    const read = JSON.parse(JSON.stringify(harvestJson(report))) as Record<string, Record<string, unknown>>;
    assert.equal(Object.keys(read), ["bench", "checked", "models", "machine", "threads", "device", "versions"]);
    const entry = read["models"]!["tiny-gpt2"] as Record<string, unknown>;
    assert.equal(entry["tokensPerSecond"], { ours: 25600, peer: 51200 });
    assert.is(entry["ratio"], 0.5);
  });
});
