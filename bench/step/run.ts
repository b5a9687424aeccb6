/**
 * Times whole training steps of the paper's recipe on a device, through the product's own training loop, and sets them
 * against the floor of the machine (floor.ts). Before a size is timed, two steps of a reduced problem are checked against
 * float64; a size that fails prints no time and ends the program.
 *
 *   npm run bench:step -- [device=native] [threads=<cores>] [match=width,flops] [experts=1,16] [steps=7] [--json]
 *   npm run bench:step -- device=webgpu [adapter=auto] [experts=1,16,64] [B=8192] [steps=20] [--json]
 *
 * match=width divides F features among the experts; match=flops gives every expert F features, with batches of flopsB
 * rows. B, D, F and K are words too. A time is the median of the steps after two that do not count.
 */
import type { Device } from "../../kernels/devices/device.ts";
import { openDevice } from "../devices.ts";
import { openedGpu } from "../gpu/opened.ts";
import { describeMachine, fasterRates, formatRates, measureRates, type MachineRates } from "../machine.ts";
import { print, printJson, runProgram } from "../program.ts";
import { summarise } from "../samples.ts";
import { makeBatches } from "./batches.ts";
import { checkStep } from "./check-step.ts";
import { formatErrors } from "./compare.ts";
import { measureSteps, type MeasuredStep } from "./measure-steps.ts";
import { plannedSizes, readStepWords } from "./options.ts";
import { createRecipe } from "./recipe.ts";
import { medianPhases, resultOf, stepJson, type SizeRun, type StepResult } from "./result.ts";
import { formatSize, type StepSize } from "./size.ts";

const warmups = 2;
/** Different batches, served in turn. */
const numBatches = 4;

await runProgram(async () => {
  const words = readStepWords(process.argv.slice(2));
  const [sizes, threads, steps] = [plannedSizes(words), words.count("threads"), words.count("steps")];
  const device = await openDevice(words.text("device"), threads, words.text("adapter"));
  print(`${device.description}: one training step, float32`);
  const gpu = await openedGpu(device, words.text("adapter"));
  const runs: SizeRun[] = [];
  let rates = measureRates(device);
  for (const planned of sizes) {
    const errors = await checkStep(device, planned.size);
    rates = fasterRates(rates, measureRates(device));
    const run = { planned, errors, steps: await timeSteps(device, planned.size, steps) };
    reportSteps(run);
    runs.push(run);
  }
  rates = fasterRates(rates, measureRates(device));
  const results = runs.map((run) => resultOf(run, rates));
  reportFloors(results, rates);
  const machine = { ...describeMachine(), ...rates };
  if (!words.isJson) return;
  const about = gpu === undefined ? { machine } : { machine, gpu };
  printJson(stepJson({ device: device.description, threads, ...about, results }));
});

async function timeSteps(device: Device, size: StepSize, steps: number): Promise<readonly MeasuredStep[]> {
  const batches = await makeBatches(size, numBatches);
  const recipe = createRecipe(device, size);
  const measured = await measureSteps({ recipe, size, batches, steps: warmups + steps });
  recipe.dispose();
  return measured.slice(warmups);
}

function reportSteps({ planned, errors, steps }: SizeRun): void {
  const { median, min } = summarise(steps.map(({ stepMs }) => stepMs));
  const parts = Object.entries(medianPhases(steps)).map(([phase, value]) => `${phase} ${value.toFixed(1)}`);
  print(`\n${formatSize(planned.size)} (${planned.match}-matched)`);
  print(`  checked  ${formatErrors(errors)}`);
  print(`  step     ${median.toFixed(1)} ms, fastest ${min.toFixed(1)}: ${parts.join(", ")}`);
}

function reportFloors(results: readonly StepResult[], rates: MachineRates): void {
  print(`\nFloors at ${formatRates(rates)}, the best of this run, in ms:`);
  print(formatRow(["size", "step", "floor", "arithmetic", "streams", "gathers", "step/floor", "step/memory", "GB/s"]));
  for (const { size, match, stepMs, floor, overFloor, overMemory, bytesPerSecond } of results) {
    const times = [stepMs.median, floor.totalMs, floor.arithmeticMs, floor.streamsMs, floor.gathersMs];
    const ratios = [overFloor.toFixed(2), overMemory.toFixed(2), (bytesPerSecond / 1e9).toPrecision(3)];
    print(formatRow([`${match} E=${size.E}`, ...times.map((value) => value.toFixed(1)), ...ratios]));
  }
}

function formatRow([name = "", ...cells]: readonly string[]): string {
  return name.padEnd(12) + cells.map((cell) => cell.padStart(12)).join("");
}
