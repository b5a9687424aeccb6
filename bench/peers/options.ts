/** What the peers bench is told by words. */
import { defaultThreads } from "../devices.ts";
import { peerDevices, type PeerDevice } from "../python/facts.ts";
import type { StepSize } from "../step/size.ts";
import { oneOf, readDeviceWords, type Words } from "../words.ts";

/** Names of the programs in peer.py. */
export const peerNames = ["paper", "tuned-paper", "sparse-top-k", "tuned-top-k"] as const;
export type PeerName = (typeof peerNames)[number];

export interface PlannedPair {
  readonly peer: PeerName;
  /** What peer and Switchyard both train. */
  readonly size: StepSize;
}

const initial = {
  ...{ device: "native", adapter: "auto", threads: String(defaultThreads) },
  ...{ peer: "auto", python: "venv", peers: peerNames.join(), steps: "5" },
  ...{ B: "4096", D: "768", F: "24576", K: "32", E: "16" },
};

/** On a GPU. */
const gpuInitial = { B: "8192", E: "1,16,64", steps: "20" };

export type PeerWords = Words<keyof typeof initial>;

/** @throws WordError */
export function readPeerWords(argv: readonly string[]): PeerWords {
  return readDeviceWords(argv, initial, gpuInitial);
}

/** What PyTorch computes on: CUDA where Switchyard computes on a GPU, unless told otherwise. @throws WordError */
export function plannedPeerDevice(words: PeerWords): PeerDevice {
  const named = oneOf("peer", words.text("peer"), ["auto", ...peerDevices]);
  if (named !== "auto") return named;
  return words.text("device") === "webgpu" ? "cuda" : "cpu";
}

/** The paper's algorithm with each number of experts, the TopK programs with one. @throws WordError */
export function plannedPairs(words: PeerWords): readonly PlannedPair[] {
  const [B, D, F, K] = [words.count("B"), words.count("D"), words.count("F"), words.count("K")];
  return words.list("peers").flatMap((name) => {
    const peer: PeerName = oneOf("peers", name, peerNames);
    const experts = peer.endsWith("paper") ? words.counts("E") : [1];
    return experts.map((E) => ({ peer, size: { B, D, F, E, K } }));
  });
}
