import * as assert from "uvu/assert";
import { describeMachine } from "../../../bench/machine.ts";
import { plannedPairs, readPeerWords } from "../../../bench/peers/options.ts";
import { bytesPerSecondOf, peersJson, ratiosOf, type PairRun } from "../../../bench/peers/result.ts";
import { bytesOf, floorOf, workOf, type StepFloor } from "../../../bench/step/floor.ts";
import { suite } from "../../suite.ts";

const rates = { flopsPerSecond: 1e12, bytesPerSecond: 1e11 };
const [paper, tunedPaper, sparse, tunedTopK] = plannedPairs(readPeerWords([]));
const runs: readonly PairRun[] = [
  { ...paper!, errors: { loss: 1e-7 }, peerMs: [5000, 4000, 6000], oursMs: [250, 200, 300] },
  { ...sparse!, errors: { loss: 1e-7 }, peerMs: [1500], oursMs: [1000] },
];

suite("the peers bench", (test) => {
  test("plans the paper's algorithm with 16 experts and the sparse TopK with one, each in two versions", () => {
    assert.equal(
      [paper, tunedPaper, sparse, tunedTopK].map((pair) => [pair!.peer, pair!.size]),
      [
        ["paper", { B: 4096, D: 768, F: 24576, E: 16, K: 32 }],
        ["tuned-paper", { B: 4096, D: 768, F: 24576, E: 16, K: 32 }],
        ["sparse-top-k", { B: 4096, D: 768, F: 24576, E: 1, K: 32 }],
        ["tuned-top-k", { B: 4096, D: 768, F: 24576, E: 1, K: 32 }],
      ],
    );
    assert.throws(
      () => plannedPairs(readPeerWords(["peers=paper,jax"])),
      /one of paper, tuned-paper, sparse-top-k, tuned-top-k/,
    );
  });

  test("divides medians by medians", () => {
    const floor = (index: number): StepFloor => floorOf(workOf(runs[index]!.size), rates);
    assert.equal(ratiosOf(runs, rates), {
      paperE16: 20,
      floorE16: 250 / floor(0).totalMs,
      memoryE16: 250 / floor(0).memoryMs,
      sparseTopKE1: 1.5,
      floorE1: 1000 / floor(1).totalMs,
      memoryE1: 1000 / floor(1).memoryMs,
      ownE1OverE16: 4,
    });
  });

  test("takes its own time of a size from the steps beside all peers", () => {
    const bag: PairRun = { ...tunedPaper!, errors: {}, peerMs: [4000], oursMs: [100, 120] };
    const ratios = ratiosOf([...runs, bag], rates);
    assert.is(ratios["tunedPaperE16"], 4000 / 110);
    assert.is(ratios["floorE16"], 200 / floorOf(workOf(paper!.size), rates).totalMs);
    assert.is(ratios["ownE1OverE16"], 1000 / 200);
  });

  test("sets Switchyard's time against the bytes of the floor", () => {
    const bytes = bytesOf(workOf(paper!.size));
    assert.equal(
      [...bytesPerSecondOf(runs)],
      [
        [16, bytes / 0.25],
        [1, bytes / 1],
      ],
    );
  });

  test("has no ratio of what it did not measure", () => {
    assert.equal(Object.keys(ratiosOf(runs.slice(1), rates)), ["sparseTopKE1", "floorE1", "memoryE1"]);
  });

  test("makes one line of JSON with ratios, all samples in seconds, machine, threads and versions", () => {
    const machine = { ...describeMachine(), ...rates };
    const versions = { node: "20", torch: {} };
    const json = JSON.stringify(
      peersJson({ runs, machine, threads: 2, device: "native", peerDevice: "cpu", versions }),
    );
    const read = JSON.parse(json) as Record<string, unknown>;
    const about = ["machine", "threads", "device", "peerDevice", "versions"];
    assert.equal(Object.keys(read), ["bench", "checked", "ratios", "seconds", ...about, "pairs"]);
    const { paperE16 } = read["seconds"] as Record<string, { peer: unknown; ours: unknown }>;
    assert.equal(paperE16!.peer, { median: 5, min: 4, samples: [5, 4, 6] });
    assert.equal(paperE16!.ours, { median: 0.25, min: 0.2, samples: [0.25, 0.2, 0.3] });
  });
});
