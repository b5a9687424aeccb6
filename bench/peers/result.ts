/** What the peers bench reports: every pair, and its ratios in one line of JSON. */
import type { OpenedGpu } from "../gpu/opened.ts";
import type { MachineDescription, MachineRates } from "../machine.ts";
import type { PeerDevice } from "../python/facts.ts";
import { rounded, summarise, type Summary } from "../samples.ts";
import type { TraceErrors } from "../step/compare.ts";
import { bytesOf, floorOf, workOf } from "../step/floor.ts";
import type { Goal } from "./goals.ts";
import type { PlannedPair } from "./options.ts";

/** One peer and Switchyard on the same data, step by step in turn. */
export interface PairRun extends PlannedPair {
  /** How far Switchyard's first steps were from the peer's. */
  readonly errors: TraceErrors;
  /** Milliseconds of each step. */
  readonly peerMs: readonly number[];
  readonly oursMs: readonly number[];
}

export interface PeersReport {
  readonly runs: readonly PairRun[];
  readonly machine: MachineDescription & MachineRates;
  readonly threads: number;
  readonly device: string;
  readonly peerDevice: PeerDevice;
  /** With device=webgpu. */
  readonly gpu?: OpenedGpu;
  /** Where they can be judged. */
  readonly goals?: readonly Goal[];
  readonly versions: Readonly<Record<string, unknown>>;
}

/** "paperE16", "sparseTopKE1": what a pair is called in the JSON. */
export function pairName({ peer, size }: PlannedPair): string {
  return `${peer.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())}E${size.E}`;
}

/**
 * Medians over medians: each peer over Switchyard, Switchyard's one expert over many, and Switchyard over the floor of
 * its machine and over the memory's part of it. A ratio whose parts were not measured is absent.
 */
export function ratiosOf(runs: readonly PairRun[], rates: MachineRates): Readonly<Record<string, number>> {
  const ratios: Record<string, number> = {};
  for (const run of runs) {
    ratios[pairName(run)] = summarise(run.peerMs).median / summarise(run.oursMs).median;
    const floor = floorOf(workOf(run.size), rates);
    ratios[`floorE${run.size.E}`] = ownMedian(runs, run.size.E) / floor.totalMs;
    ratios[`memoryE${run.size.E}`] = ownMedian(runs, run.size.E) / floor.memoryMs;
  }
  if (!runs.some(({ size }) => size.E === 1)) return ratios;
  for (const many of new Set(runs.map(({ size }) => size.E).filter((E) => E > 1))) {
    ratios[`ownE1OverE${many}`] = ownMedian(runs, 1) / ownMedian(runs, many);
  }
  return ratios;
}

/** Bytes of the floor's formula over Switchyard's median step, by number of experts, in the order of the runs. */
export function bytesPerSecondOf(runs: readonly PairRun[]): ReadonlyMap<number, number> {
  return new Map(runs.map(({ size }) => [size.E, bytesOf(workOf(size)) / (ownMedian(runs, size.E) / 1000)]));
}

/** Over Switchyard's steps beside every peer. */
function ownMedian(runs: readonly PairRun[], experts: number): number {
  return summarise(runs.filter(({ size }) => size.E === experts).flatMap(({ oursMs }) => oursMs)).median;
}

interface PairSeconds {
  readonly peer: Summary;
  readonly ours: Summary;
  readonly floor: number;
  readonly memoryFloor: number;
}

/** A JSON value; every pair in it has passed its check. */
export function peersJson({ runs, ...rest }: PeersReport): unknown {
  const seconds: Record<string, PairSeconds> = {};
  for (const run of runs) {
    const floor = floorOf(workOf(run.size), rest.machine);
    seconds[pairName(run)] = {
      peer: summariseSeconds(run.peerMs),
      ours: summariseSeconds(run.oursMs),
      floor: floor.totalMs / 1000,
      memoryFloor: floor.memoryMs / 1000,
    };
  }
  const pairs = runs.map((run) => ({ name: pairName(run), size: run.size, errors: run.errors }));
  return rounded({ bench: "peers", checked: true, ratios: ratiosOf(runs, rest.machine), seconds, ...rest, pairs });
}

function summariseSeconds(samplesMs: readonly number[]): Summary {
  return summarise(samplesMs.map((ms) => ms / 1000));
}
