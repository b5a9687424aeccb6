/**
 * Writes every logged step as a line of steps.csv in the run's folder, for spreadsheets. metrics.jsonl has the same
 * numbers and more; this file is a convenience.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Type } from "typebox";
import { writeError } from "../../core/data/file-errors.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { runFolderRef } from "../../core/services.ts";
import type { StepRecord } from "../../core/training/contracts.ts";

export const csv = definePlugin({
  kind: "tracker",
  name: "csv",
  version: "1",
  summary: "Writes the logged steps to a CSV file in the run's folder.",
  options: Type.Object({
    file: Type.String({ default: "steps.csv", pattern: "^[^/\\\\]+$", description: "Name of the file." }),
  }),
  deps: { folder: runFolderRef },
  create: ({ file }, { folder }) => {
    const path = join(folder, file);
    let begun = false;
    return {
      step: (record) => {
        try {
          if (!begun) beginFile(path, record);
          begun = true;
          appendFileSync(path, `${valuesOf(record).join(",")}\n`);
        } catch (error) {
          throw writeError(path, error);
        }
      },
    };
  },
});

/** A new file gets its heading; in that of a resumed run, the lines of steps that will be logged again go. */
function beginFile(path: string, { step, losses }: StepRecord): void {
  if (existsSync(path)) {
    // The last piece is empty, or was torn by a kill.
    const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
    const kept = lines.filter((line, index) => index === 0 || Number.parseInt(line, 10) < step);
    if (kept.length > 0) {
      writeFileSync(path, `${kept.join("\n")}\n`);
      return;
    }
  }
  const names = Object.keys(losses).map(quote);
  writeFileSync(path, `${["step", "rows", "loss", ...names, "learningRate", "gradientNorm", "stepMs"].join(",")}\n`);
}

function valuesOf({ step, rows, loss, losses, learningRate, gradientNorm, stepMs }: StepRecord): readonly number[] {
  return [step, rows, loss, ...Object.values(losses), learningRate, gradientNorm, stepMs];
}

function quote(name: string): string {
  return /[",\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
}
