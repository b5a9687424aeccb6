/**
 * Tokens a second of a language model's forward pass up to the hook, as a harvest runs it, against PyTorch's (peer.py) on
 * the same weights, tokens and threads. No time is printed unless both gave the same activations.
 *
 *   npm run bench:harvest -- [device=native] [threads=<cores>] [models=tiny-gpt2,gpt2-small] [contexts=8] [--json]
 *   npm run bench:harvest -- device=webgpu [adapter=auto] [models=tiny-gpt2,gpt2-small]
 *
 * tiny-gpt2 is the quickstart's model at its hook; gpt2-small has random weights and stops after block 8, as in the
 * paper. A pass takes `contexts` contexts of 128 tokens; passes=15 of each are timed, in turn.
 */
import { packageVersion } from "../../core/package-root.ts";
import { openDevice } from "../devices.ts";
import { describeMachine } from "../machine.ts";
import { print, printJson, runProgram } from "../program.ts";
import { preparePython } from "../python/environment.ts";
import { plannedSubjects, readHarvestWords } from "./options.ts";
import { harvestJson, harvestRatio, tokensPerSecond, type HarvestRun } from "./result.ts";
import { runSubject } from "./run-subject.ts";

await runProgram(async () => {
  const words = readHarvestWords(process.argv.slice(2));
  const [threads, contexts, passes] = [words.count("threads"), words.count("contexts"), words.count("passes")];
  const names = plannedSubjects(words);
  const interpreter = await preparePython();
  const device = await openDevice(words.text("device"), threads, words.text("adapter"));
  print(`Switchyard ${packageVersion()} on ${device.description}; PyTorch on ${threads} threads; float32`);
  const runs: HarvestRun[] = [];
  let torch: unknown;
  for (const name of names) {
    const run = await runSubject({ name, device, interpreter, threads, contexts, passes });
    torch = run.torch;
    report(run);
    runs.push(run);
  }
  if (!words.isJson) return;
  const versions = { switchyard: packageVersion(), node: process.versions.node, torch };
  printJson(harvestJson({ runs, machine: describeMachine(), threads, device: device.description, versions }));
});

function report(run: HarvestRun): void {
  print(`\n${run.model}, ${run.tokens} tokens a pass`);
  print(`  checked  ${run.error.toExponential(1)} of the activations' scale`);
  for (const [name, passes] of [
    ["peer", run.peerMs],
    ["ours", run.oursMs],
  ] as const) {
    const fastest = Math.min(...passes);
    print(`  ${name}     ${tokensPerSecond(run, passes).toFixed(0)} tokens/s; a pass at best ${fastest.toFixed(1)} ms`);
  }
  print(`  ratio    ${harvestRatio(run).toFixed(2)} times PyTorch's tokens a second`);
}
