/**
 * How long the quickstart takes, and with what: its command is run in an empty project, and the times that its run
 * folders hold are added up (timeline.ts). Printed only when every run is done.
 *
 *   npm run bench:sweep -- [device=auto] [steps=<of the config>] [--json]
 *
 * Commands start from dist/ when that matches the sources; `npm run build` makes it so.
 */
import { bundleState } from "../../core/cli/source-stamp.js";
import { packageRoot } from "../../core/package-root.ts";
import { describeMachine } from "../machine.ts";
import { print, printJson, runProgram } from "../program.ts";
import { overridesOf, readSweepWords } from "./options.ts";
import { sweepJson, sweepLines, type SweepReport } from "./result.ts";
import { runQuickstart } from "./run-quickstart.ts";
import { partsOf } from "./timeline.ts";

await runProgram(async () => {
  const words = readSweepWords(process.argv.slice(2));
  const overrides = overridesOf(words);
  const state = bundleState(packageRoot);
  const code: SweepReport["code"] = state === "fresh" || state === "installed" ? "bundle" : "sources";
  print(`switchyard run configs/quickstart.yaml ${overrides.join(" ")}`);
  if (code === "sources")
    print("dist/ is not that of the sources: every process starts more slowly than a user's would.");
  const { times, device } = await runQuickstart(overrides);
  print(`device ${device}\n`);
  for (const line of sweepLines(partsOf(times), times.runs.length)) print(line);
  if (words.isJson) printJson(sweepJson({ times, device, code, machine: describeMachine() }));
});
