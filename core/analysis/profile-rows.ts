/**
 * The rows of a profile's table: phases in the order of a step, below each the kernels that took its time and what
 * was spent outside of them, and how near each kernel comes to what the machine can do.
 */
import type { MachineRates } from "../../kernels/profile/measure-machine.ts";
import type { RunProfile } from "../run/run-profile.ts";
import type { KernelProfile, PhaseProfile } from "../training/step-profile.ts";

export interface ProfileTable {
  readonly heading: readonly string[];
  /** As long as the heading; cells that say nothing are empty. */
  readonly rows: readonly (readonly string[])[];
}

/** What takes less of a step is joined with others like it. */
const smallestShare = 0.005;

const heading = ["", "calls", "ms", "share", "GFLOP/s", "GB/s", "of machine"] as const;

export function profileRows(profile: RunProfile): ProfileTable {
  const { machine, stepMs } = profile;
  const rows = profile.phases.flatMap((phase) => phaseRows(phase, profile));
  const rates = [giga(machine.flopsPerSecond), giga(machine.bytesPerSecond)];
  return { heading, rows: [...rows, timeRow("step", stepMs, stepMs), ["the machine", "", "", "", ...rates, ""]] };
}

function phaseRows({ phase, ms, kernels }: PhaseProfile, profile: RunProfile): readonly (readonly string[])[] {
  const { stepMs } = profile;
  const isSmall = (time: number): boolean => time < smallestShare * stepMs;
  const own = timeRow(phase, ms, stepMs);
  if (kernels.length === 0) return [own];
  const small = kernels.filter(({ ownMs }) => isSmall(ownMs));
  const sums = [
    [othersText(small.length), sumOf(small)],
    ["  outside kernels", ms - sumOf(kernels)],
  ] as const;
  const parts = [
    ...kernels
      .filter(({ ownMs }) => !isSmall(ownMs))
      .map((kernel) => [kernel.ownMs, kernelRow(kernel, profile)] as const),
    ...sums.filter(([, time]) => !isSmall(time)).map(([name, time]) => [time, timeRow(name, time, stepMs)] as const),
  ];
  return [own, ...parts.sort(([a], [b]) => b - a).map(([, row]) => row)];
}

function kernelRow(kernel: KernelProfile, { machine, stepMs }: RunProfile): readonly string[] {
  const { calls, ownMs } = kernel;
  const numCalls = Number.isInteger(calls) ? String(calls) : calls.toFixed(1);
  return [`  ${nameOf(kernel)}`, numCalls, ...timeCells(ownMs, stepMs), ...rateCells(kernel, machine)];
}

function timeRow(name: string, ms: number, stepMs: number): readonly string[] {
  return [name, "", ...timeCells(ms, stepMs), "", "", ""];
}

function timeCells(ms: number, stepMs: number): readonly string[] {
  return [ms.toFixed(2), `${((100 * ms) / stepMs).toFixed(1)} %`];
}

/** Both rates, and the nearer to the machine's: whichever that is bounds the kernel. */
function rateCells({ totalMs, flops, bytes }: KernelProfile, machine: MachineRates): readonly string[] {
  const seconds = totalMs / 1000;
  if (seconds === 0) return ["", "", ""];
  const [flopsPerSecond, bytesPerSecond] = [flops / seconds, bytes / seconds];
  const reached = Math.max(flopsPerSecond / machine.flopsPerSecond, bytesPerSecond / machine.bytesPerSecond);
  return [
    flops === 0 ? "" : giga(flopsPerSecond),
    bytes === 0 ? "" : giga(bytesPerSecond),
    reached === 0 ? "" : `${(100 * reached).toFixed(0)} %`,
  ];
}

/** Our kernels as their users call them: "encodeTopK"; those of the tensor library as it names them. */
function nameOf({ name, within }: KernelProfile): string {
  const caller = within.at(-1);
  return caller === undefined ? shortName(name) : `${shortName(name)} in ${shortName(caller)}`;
}

function shortName(name: string): string {
  const own = /^Switchyard(.)(.*)$/.exec(name);
  return own === null ? name : `${own[1]?.toLowerCase() ?? ""}${own[2] ?? ""}`;
}

function othersText(count: number): string {
  return count === 1 ? "  1 other" : `  ${count} others`;
}

function sumOf(kernels: readonly KernelProfile[]): number {
  return kernels.reduce((sum, { ownMs }) => sum + ownMs, 0);
}

function giga(perSecond: number): string {
  return (perSecond / 1e9).toFixed(1);
}
