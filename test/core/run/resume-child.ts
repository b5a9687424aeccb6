/**
 * Executes the run of one folder in this process, for a test that kills it. Argument: the run's folder. Says on the
 * channel to its parent when training begins.
 */
import { join } from "node:path";
import { executeRun } from "../../../core/run/execute-run.ts";
import { tinyCatalogue } from "./fixtures.ts";

const folder = process.argv[2] ?? "";
const outcome = await executeRun({
  job: { id: "0123456789ab", name: "experts=2", folder },
  catalogue: await tinyCatalogue(folder),
  paths: { projectFolder: folder, cacheFolder: join(folder, "cache") },
  signal: new AbortController().signal,
  onEvent: (event) => {
    if (event.type === "training") process.send?.("training");
  },
});
if (outcome.outcome === "failed") process.stderr.write(`${outcome.failure.message}\n`);
process.exitCode = outcome.outcome === "done" ? 0 : 1;
process.disconnect();
