import * as assert from "uvu/assert";
import { plannedPairs, plannedPeerDevice, readPeerWords } from "../../../bench/peers/options.ts";
import { suite } from "../../suite.ts";

suite("options of the peers bench", (test) => {
  test("plan on a GPU the paper's algorithm with one, 16 and 64 experts, and the TopK programs with one", () => {
    const pairs = plannedPairs(readPeerWords(["device=webgpu"]));
    assert.equal(
      pairs.map(({ peer, size }) => `${peer} ${size.E}`),
      [
        ...["paper 1", "paper 16", "paper 64", "tuned-paper 1", "tuned-paper 16", "tuned-paper 64"],
        ...["sparse-top-k 1", "tuned-top-k 1"],
      ],
    );
    assert.ok(pairs.every(({ size }) => size.B === 8192 && size.D === 768 && size.F === 24576 && size.K === 32));
  });

  test("take other sizes on a GPU", () => {
    const pairs = plannedPairs(readPeerWords(["device=webgpu", "peers=paper", "E=4", "B=64", "D=32", "F=128", "K=4"]));
    assert.equal(pairs, [{ peer: "paper", size: { B: 64, D: 32, F: 128, E: 4, K: 4 } }]);
  });

  test("let PyTorch compute where Switchyard does, unless told otherwise", () => {
    const plannedFor = (...words: string[]): string => plannedPeerDevice(readPeerWords(words));
    assert.is(plannedFor(), "cpu");
    assert.is(plannedFor("device=webgpu"), "cuda");
    assert.is(plannedFor("device=webgpu", "peer=cpu"), "cpu");
    assert.is(plannedFor("peer=cuda"), "cuda");
    assert.throws(() => plannedFor("peer=tpu"), /one of auto, cpu, cuda/);
  });
});
