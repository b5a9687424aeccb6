import * as assert from "uvu/assert";
import { paperRatio, poorReconstruction } from "../../../../core/analysis/diagnose/poor-reconstruction.ts";
import { suite } from "../../../suite.ts";
import { changesOf, diagnosed, lookAt, seenBy } from "./diagnosed.ts";
import type { DiagnosedFixture } from "./diagnosed.ts";

function at(mse: number, flops: number, rest: DiagnosedFixture = {}): DiagnosedFixture {
  return { ...rest, metrics: { "reconstruction/mse": mse, "cost/flops-per-row": flops, ...rest.metrics } };
}

const dense = diagnosed(at(100, 800, { experts: 1, name: "dense" }));

suite("poor reconstruction", (test) => {
  test("knows the paper's ratios, and lies between and beyond them on straight lines", () => {
    assert.equal([1, 16, 32, 64, 128].map(paperRatio), [1, 1.156, 1.238, 1.342, 1.498]);
    assert.ok(Math.abs(paperRatio(4) - 1.078) < 1e-9);
    assert.ok(Math.abs(paperRatio(256) - 1.654) < 1e-9);
  });

  test("is seen beside a dense run of the same width, above what the paper lost", () => {
    // 1.15 * (1 + 0.156 * 3 / 4) = 1.285 for 8 experts.
    assert.is(lookAt(poorReconstruction, at(128, 100), [dense]).kind, "clear");
    const found = seenBy(poorReconstruction, at(130, 100), [dense]);
    assert.is(found.severity, "warning");
    assert.equal([found.numbers["ratio"], found.numbers["dense-mse"]], [1.3, 100]);
    assert.ok(Math.abs(found.numbers["limit"]! - 1.15 * 1.117) < 1e-9);
    assert.is(seenBy(poorReconstruction, at(280, 100), [dense]).severity, "problem");
  });

  test("is seen beside a dense run at the same FLOPs, which a Switch SAE should beat", () => {
    const narrow = diagnosed(at(100, 100, { experts: 1, features: 256, name: "narrow" }));
    assert.is(lookAt(poorReconstruction, at(95, 100), [narrow]).kind, "clear");
    assert.match(seenBy(poorReconstruction, at(115, 100), [narrow]).summary, /at the same FLOPs a row/);
  });

  test("is seen beside another run that costs no more", () => {
    const peer = diagnosed(at(100, 50, { experts: 16, name: "peer" }));
    assert.match(seenBy(poorReconstruction, at(131, 100), [peer]).summary, /1\.31 times that of peer/);
    assert.is(lookAt(poorReconstruction, at(131, 40), [peer]).kind, "clear", "that one costs more");
  });

  test("compares nothing with another k, another training or another source", () => {
    const others = [
      diagnosed(at(100, 50, { experts: 1, k: 64 })),
      diagnosed(at(100, 50, { experts: 1, steps: 6000 })),
      diagnosed(at(100, 50, { experts: 1, state: "failed" })),
      diagnosed(at(100, 50, { experts: 1, model: { expert: { type: "relu" } } })),
    ];
    assert.is(lookAt(poorReconstruction, at(500, 100), others).kind, "clear");
  });

  test("is a problem by itself when the mean does about as well", () => {
    const found = seenBy(poorReconstruction, { metrics: { "reconstruction/fvu": 0.95 } });
    assert.equal([found.severity, found.numbers["fvu"]], ["problem", 0.95]);
  });

  test("advises softmax gates, more steps and larger experts", () => {
    const router = { type: "switch", experts: 8, gate: "heaviside" };
    assert.equal(changesOf(seenBy(poorReconstruction, at(200, 100, { model: { router } }), [dense])), {
      "model.router.gate": "softmax",
      "training.steps": 1200,
      "model.router.experts": 4,
    });
  });
});
