/**
 * Switchyard's training step against PyTorch programs (peer.py) on the same data, with as many threads: the algorithm as
 * the paper's authors wrote it, and a sparse TopK autoencoder, each plainly written and as fast as eager PyTorch makes it.
 * PyTorch is installed below .switchyard/ when it is first needed.
 *
 *   npm run bench:peers -- [device=native] [threads=<cores>] [peers=paper,sparse-top-k] [steps=5] [--json]
 *   npm run bench:peers -- device=webgpu [adapter=auto] [peer=cuda] [python=venv] [E=1,16,64] [steps=20] [--json]
 *
 * With device=webgpu, PyTorch computes with CUDA, or on the processor with peer=cpu. python=PATH takes a Python that has
 * PyTorch as it is. B, D, F, K and E (of the paper's) are words too. No time is printed unless the first steps of both sides gave the same
 * losses, gradient norms and parameters. A time is the median of the steps after three that do not count.
 */
import { packageVersion } from "../../core/package-root.ts";
import { openDevice } from "../devices.ts";
import { formatGpu } from "../gpu/describe.ts";
import { openedGpu, type OpenedGpu } from "../gpu/opened.ts";
import { describeMachine, fasterRates, formatRates, measureRates, type MachineRates } from "../machine.ts";
import { print, printJson, runProgram } from "../program.ts";
import { findPython } from "../python/environment.ts";
import { requirePyTorch } from "../python/facts.ts";
import { summarise } from "../samples.ts";
import { formatErrors } from "../step/compare.ts";
import { goalsOf } from "./goals.ts";
import { plannedPairs, plannedPeerDevice, readPeerWords } from "./options.ts";
import { bytesPerSecondOf, peersJson, ratiosOf, type PairRun } from "./result.ts";
import { formatPair, runPair } from "./run-pair.ts";

await runProgram(async () => {
  const words = readPeerWords(process.argv.slice(2));
  const [pairs, threads, steps] = [plannedPairs(words), words.count("threads"), words.count("steps")];
  const peerDevice = plannedPeerDevice(words);
  const device = await openDevice(words.text("device"), threads, words.text("adapter"));
  const interpreter = await findPython(words.text("python"));
  await requirePyTorch(interpreter, peerDevice);
  const where = peerDevice === "cpu" ? `${threads} threads` : peerDevice;
  print(`Switchyard ${packageVersion()} on ${device.description}; PyTorch on ${where}; float32`);
  const gpu = await openedGpu(device, words.text("adapter"));
  // A floor is of one machine: what PyTorch reached counts where both sides compute on the same.
  const isShared = (gpu !== undefined) === (peerDevice === "cuda");
  let rates = measureRates(device);
  const runs: PairRun[] = [];
  let torch: unknown;
  for (const pair of pairs) {
    const run = await runPair({ ...pair, device, interpreter, peerDevice, threads, steps });
    rates = fasterRates(rates, measureRates(device));
    if (isShared) rates = fasterRates(rates, run.peerRates);
    if (torch === undefined) warnOfOtherCard(gpu, run.torch);
    torch = run.torch;
    report(run);
    runs.push(run);
  }
  const ratios = ratiosOf(runs, rates);
  const sizes = runs.map(({ size }) => size);
  const goals = goalsOf({ sizes, ratios, peerDevice, gpu });
  reportRatios(runs, rates, isShared);
  for (const { text, value, isMet } of goals)
    print(`  goal: ${text}: ${value.toFixed(2)}, ${isMet ? "met" : "NOT met"}`);
  if (!words.isJson) return;
  const machine = { ...describeMachine(), ...rates };
  const versions = { switchyard: packageVersion(), node: process.versions.node, torch };
  const about = gpu === undefined ? { peerDevice } : { peerDevice, gpu, goals };
  printJson(peersJson({ runs, machine, threads, device: device.description, ...about, versions }));
});

function reportRatios(runs: readonly PairRun[], rates: MachineRates, isShared: boolean): void {
  print(
    `\nThe floors are of ${formatRates(rates)}, the best that ${isShared ? "either side" : "Switchyard"} reached here.`,
  );
  for (const [name, ratio] of Object.entries(ratiosOf(runs, rates))) print(`  ${name.padEnd(14)} ${ratio.toFixed(2)}`);
  for (const [experts, bytesPerSecond] of bytesPerSecondOf(runs)) {
    const share = ((100 * bytesPerSecond) / rates.bytesPerSecond).toPrecision(2);
    print(
      `  Switchyard, E=${experts}: ${(bytesPerSecond / 1e9).toPrecision(3)} GB/s of the floor's bytes, ${share} % of that rate`,
    );
  }
}

/** Of several cards, Dawn and CUDA may choose different ones. */
function warnOfOtherCard(gpu: OpenedGpu | undefined, torch: unknown): void {
  if (gpu === undefined || typeof torch !== "object" || torch === null || !("card" in torch)) return;
  const card = String(torch.card);
  if (gpu.adapter.includes(card)) return;
  print(
    `NOTE: PyTorch computes on ${card}, Switchyard on ${formatGpu(gpu)}. If these are two cards, the ratios mean nothing.`,
  );
}

function report(run: PairRun): void {
  print(`\n${formatPair(run)}`);
  print(`  checked  ${formatErrors(run.errors)}`);
  for (const [name, samples] of [
    ["peer", run.peerMs],
    ["ours", run.oursMs],
  ] as const) {
    const { median, min } = summarise(samples);
    print(
      `  ${name}     ${median.toFixed(1)} ms, fastest ${min.toFixed(1)}: ${samples.map((ms) => ms.toFixed(0)).join(" ")}`,
    );
  }
}
