/**
 * Switchyard's training step against PyTorch programs (peer.py) on the same data, with as many threads: the algorithm as
 * the paper's authors wrote it, and a sparse TopK autoencoder, each plainly written and as fast as eager PyTorch makes it.
 * PyTorch is installed below .switchyard/ when it is first needed.
 *
 *   npm run bench:peers -- [device=native] [threads=<cores>] [peers=paper,sparse-top-k] [steps=5] [--json]
 *
 * B, D, F, K and E (of the paper's) are words too. No time is printed unless the first steps of both sides gave the same
 * losses, gradient norms and parameters. A time is the median of the steps after three that do not count.
 */
import { packageVersion } from "../../core/package-root.ts";
import { openDevice } from "../devices.ts";
import { describeMachine, fasterRates, formatRates, measureRates } from "../machine.ts";
import { print, printJson, runProgram } from "../program.ts";
import { preparePython } from "../python/environment.ts";
import { summarise } from "../samples.ts";
import { formatErrors } from "../step/compare.ts";
import { plannedPairs, readPeerWords } from "./options.ts";
import { peersJson, ratiosOf, type PairRun } from "./result.ts";
import { formatPair, runPair } from "./run-pair.ts";

await runProgram(async () => {
  const words = readPeerWords(process.argv.slice(2));
  const [pairs, threads, steps] = [plannedPairs(words), words.count("threads"), words.count("steps")];
  const interpreter = await preparePython();
  const device = await openDevice(words.text("device"), threads);
  print(`Switchyard ${packageVersion()} on ${device.description}; PyTorch on ${threads} threads; float32`);
  let rates = measureRates(device);
  const runs: PairRun[] = [];
  let torch: unknown;
  for (const pair of pairs) {
    const run = await runPair({ ...pair, device, interpreter, threads, steps });
    rates = fasterRates(fasterRates(rates, measureRates(device)), run.peerRates);
    torch = run.torch;
    report(run);
    runs.push(run);
  }
  print(`\nThe floors are of ${formatRates(rates)}, the best that either side reached here.`);
  for (const [name, ratio] of Object.entries(ratiosOf(runs, rates))) print(`  ${name.padEnd(14)} ${ratio.toFixed(2)}`);
  if (!words.isJson) return;
  const machine = { ...describeMachine(), ...rates };
  const versions = { switchyard: packageVersion(), node: process.versions.node, torch };
  printJson(peersJson({ runs, machine, threads, device: device.description, versions }));
});

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
