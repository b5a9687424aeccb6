/** What a step on an NVIDIA card is meant to reach, and whether it did. */
import type { GpuDescription } from "../gpu/describe.ts";
import type { PeerDevice } from "../python/facts.ts";
import { formatSize, type StepSize } from "../step/size.ts";

export interface Goal {
  /** In a sentence: "the paper's algorithm takes at least 5 times as long". */
  readonly text: string;
  readonly value: number;
  readonly isMet: boolean;
}

const size: StepSize = { B: 8192, D: 768, F: 24576, E: 16, K: 32 };

interface GoalInput {
  readonly sizes: readonly StepSize[];
  readonly ratios: Readonly<Record<string, number>>;
  readonly peerDevice: PeerDevice;
  readonly gpu: Pick<GpuDescription, "isSoftware"> | undefined;
}

/**
 * @returns Goals whose ratio was measured; none where no card was, or it was measured at another size.
 */
export function goalsOf({ sizes, ratios, peerDevice, gpu }: GoalInput): readonly Goal[] {
  const isCard = gpu !== undefined && !gpu.isSoftware && peerDevice === "cuda";
  if (!isCard || !sizes.some((measured) => formatSize(measured) === formatSize(size))) return [];
  const { paperE16, memoryE16 } = ratios;
  const goals: Goal[] = [];
  if (paperE16 !== undefined) {
    goals.push({
      text: "the paper's algorithm, 16 experts, takes at least 5 times as long",
      value: paperE16,
      isMet: paperE16 >= 5,
    });
  }
  if (memoryE16 !== undefined) {
    goals.push({
      text: "a step with 16 experts takes at most 2.5 times the memory floor",
      value: memoryE16,
      isMet: memoryE16 <= 2.5,
    });
  }
  return goals;
}
