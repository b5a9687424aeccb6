/** What the peers bench is told by words. */
import { defaultThreads } from "../devices.ts";
import type { StepSize } from "../step/size.ts";
import { oneOf, readWords, type Words } from "../words.ts";

/** Names of the programs in peer.py. */
export const peerNames = ["paper", "tuned-paper", "sparse-top-k", "tuned-top-k"] as const;
export type PeerName = (typeof peerNames)[number];

export interface PlannedPair {
  readonly peer: PeerName;
  /** What peer and Switchyard both train. */
  readonly size: StepSize;
}

const initial = {
  ...{ device: "native", threads: String(defaultThreads), peers: peerNames.join(), steps: "5" },
  ...{ B: "4096", D: "768", F: "24576", K: "32", E: "16" },
};

export type PeerWords = Words<keyof typeof initial>;

/** @throws WordError */
export function readPeerWords(argv: readonly string[]): PeerWords {
  return readWords(argv, initial);
}

/** The paper's algorithm with E experts, the TopK programs with one. @throws WordError */
export function plannedPairs(words: PeerWords): readonly PlannedPair[] {
  const [B, D, F, K, E] = [words.count("B"), words.count("D"), words.count("F"), words.count("K"), words.count("E")];
  return words.list("peers").map((name) => {
    const peer: PeerName = oneOf("peers", name, peerNames);
    return { peer, size: { B, D, F, E: peer.endsWith("paper") ? E : 1, K } };
  });
}
