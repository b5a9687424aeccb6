/** The run that a word names, for commands that look into one model. */
import { join, resolve } from "node:path";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type { EnsureInput } from "../inspection/ensure-feature-index.ts";
import type { FeatureIndexInfo, FeatureSettings } from "../inspection/feature-record.ts";
import { namesIn } from "../run/layout.ts";
import type { TrainedRun } from "../run/open-trained-run.ts";
import { readRunRecord } from "../run/run-record.ts";
import type { Io } from "./io.ts";
import { openRun } from "./composition-root.ts";
import { shownPath } from "./project.ts";

/** @returns Its absolute folder. @throws SwitchyardError RUN_NOT_NAMED, RUN_FORMAT, RUN_FOLDER_BROKEN */
export function namedRun(io: Io, word: string): string {
  const folder = resolve(io.cwd, word);
  if (readRunRecord(folder) !== undefined) return folder;
  const inside = namesIn(folder).filter((name) => namesIn(join(folder, name)).includes("run.json"));
  throw new SwitchyardError("RUN_NOT_NAMED", "This is not the folder of a run.", {
    where: shownPath(io, folder),
    expected: "the folder of a run, runs/<sweep>/<run>",
    received: inside.length === 0 ? "no run folder" : `a sweep's folder with ${inside.length} runs`,
    next:
      inside.length === 0
        ? "switchyard status lists the sweeps of the project."
        : `Name one of: ${inside.map((name) => shownPath(io, join(folder, name))).join(", ")}`,
  });
}

/** A run that is opened once, when it is first needed, and disposed of at the end. */
export interface OpenOnce {
  open(): Promise<TrainedRun>;
  dispose(): Promise<void>;
}

/** Nothing of a tensor library is loaded before `open`. Harvests and damaged checkpoints are told of. */
export function openOnce(io: Io, folder: string): OpenOnce {
  let opened: Promise<TrainedRun> | undefined;
  const open = async (): Promise<TrainedRun> => {
    const { openTrainedRun } = await import("../run/open-trained-run.ts");
    const { catalogue, project } = await openRun(folder);
    const onDamaged = (error: SwitchyardError): void => {
      io.err(`${error.message}\n`);
    };
    return openTrainedRun({ folder, catalogue, paths: project, onDamaged, progress: stages(io) });
  };
  return {
    open: () => (opened ??= open()),
    dispose: async () => {
      await (await opened)?.dispose();
    },
  };
}

/** The index of a run's features, made when it is missing. @throws SwitchyardError as `ensureFeatureIndex` */
export async function indexOf(
  io: Io,
  folder: string,
  run: OpenOnce,
  options: { readonly settings: Partial<FeatureSettings>; readonly rebuild?: boolean },
): Promise<FeatureIndexInfo> {
  const { ensureFeatureIndex } = await import("../inspection/ensure-feature-index.ts");
  const input: EnsureInput = { folder, ...options, open: () => run.open(), onProgress: stages(io) };
  return ensureFeatureIndex(input);
}

const everyMs = 2000;

/** A line on standard error every few seconds, and none for what is quick. */
function stages(io: Io): (done: number, total: number, what: string) => void {
  let shown = performance.now();
  return (done, total, what) => {
    if (performance.now() - shown < everyMs) return;
    shown = performance.now();
    io.err(`${what}: ${done} of ${total}\n`);
  };
}
