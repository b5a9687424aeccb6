/** Progress on a terminal: a bar for the source, one for every running run, one for the sweep. */
import { MultiBar, Presets } from "cli-progress";
import type { SingleBar } from "cli-progress";
import type { RunJob } from "../../run/contracts.ts";
import type { Io } from "../io.ts";
import { endText, lossText, warningText } from "./contract.ts";
import type { Progress } from "./contract.ts";

const nameColumns = 36;

/** @param stream Where the bars are drawn; a terminal. */
export function barProgress(io: Io, stream: NodeJS.WritableStream = process.stderr): Progress {
  const bars = new MultiBar(
    {
      stream,
      format: "{name} [{bar}] {value}/{total} {text}",
      barsize: 24,
      autopadding: true,
      // A cursor that stays hidden after a crash annoys more than one that blinks.
      hideCursor: false,
      clearOnComplete: false,
      forceRedraw: true,
      fps: 8,
      noTTYOutput: true,
      // Ctrl-C is ours to handle: the runs go on for a moment, and so do their bars.
      gracefulExit: false,
    },
    Presets.legacy,
  );
  const runBars = new Map<string, SingleBar>();
  let sourceBar: SingleBar | undefined;
  const overall = bars.create(0, 0, { name: column("runs"), text: "" });
  const note = (text: string): void => {
    if (io.isTerminal) bars.log(`${text}\n`);
    else io.err(`${text}\n`);
  };
  const dropSource = (): void => {
    if (sourceBar !== undefined) bars.remove(sourceBar);
    sourceBar = undefined;
  };
  const barOf = (job: RunJob, total: number): SingleBar => {
    const known = runBars.get(job.id);
    if (known !== undefined) {
      if (known.getTotal() !== total) known.setTotal(total);
      return known;
    }
    const bar = bars.create(total, 0, { name: column(job.name), text: "starting" });
    runBars.set(job.id, bar);
    return bar;
  };
  return {
    sourceProgress: (_source, done, total, what) => {
      sourceBar ??= bars.create(total, 0, { name: column("source"), text: what });
      sourceBar.setTotal(total);
      sourceBar.update(done, { text: what });
    },
    sourceReady: dropSource,
    runStarted: (job) => {
      dropSource();
      barOf(job, 1);
    },
    runEvent: (job, event) => {
      if (event.type === "training") barOf(job, event.totalSteps).update(event.resumedFrom, { text: "" });
      else if (event.type === "preparing") barOf(job, event.total).update(event.done, { text: event.what });
      else if (event.type === "step") {
        runBars.get(job.id)?.update(event.record.step, { text: `loss ${lossText(event.record.loss)}` });
      } else if (event.type === "evaluating") runBars.get(job.id)?.update({ text: "evaluating" });
      else if (event.type === "warning") note(warningText(job, event.message));
    },
    runEnded: (job, outcome) => {
      const bar = runBars.get(job.id);
      if (bar !== undefined) bars.remove(bar);
      runBars.delete(job.id);
      overall.increment();
      note(endText(job, outcome));
    },
    begin: (count) => {
      overall.setTotal(count);
    },
    note,
    stop: () => {
      if (!bars.isActive) return;
      dropSource();
      // Notes wait for the next drawing; without one the last would be lost.
      bars.update();
      bars.stop();
    },
  };
}

/** Names end in what tells the runs of a sweep apart, so it is their start that is cut. */
function column(name: string): string {
  return name.length > nameColumns ? `...${name.slice(3 - nameColumns)}` : name.padEnd(nameColumns);
}
