/**
 * Prints what the examples show, with few enough digits to compare with a calculation by hand.
 *
 * Shapes: B rows, F features.
 */
import type * as tensorflow from "@tensorflow/tfjs";
import type { Code, ModelShape, SparseAutoencoder, TrainingMoment } from "../../core/index.ts";
import { matrix, tf } from "./device.ts";
import type { Rows } from "./device.ts";

type Nested = number | readonly Nested[];

const labelWidth = 18;

/** Prints a line: a label, then a number, a row, a tensor or a text. */
export function print(label: string, value: number | string | readonly number[] | tensorflow.Tensor): void {
  const shown = value instanceof tf.Tensor ? (value.arraySync() as Nested) : value;
  process.stdout.write(
    `${label.padEnd(labelWidth)}  ${typeof shown === "string" ? shown : text(shown)}`.trimEnd() + "\n",
  );
}

/** Prints some of the metrics, a line each. */
export function printMetrics(metrics: Readonly<Record<string, number>>, names = Object.keys(metrics)): void {
  const width = Math.max(...names.map((name) => name.length));
  for (const name of names) print(name.padEnd(width), metrics[name] ?? "left out");
}

/** Four significant digits are enough to compare with a calculation by hand. */
function text(value: Nested): string {
  if (typeof value !== "number") return `[${value.map(text).join(", ")}]`;
  const rounded = Number(value.toPrecision(4));
  return String(Math.abs(rounded) < 1e-6 ? 0 : rounded);
}

/** Prints the active features of each row. @param training Given: as a training step sees it. */
export function printCode(model: SparseAutoencoder, rows: Rows, training?: TrainingMoment): void {
  tf.tidy(() => {
    const { code } = model.forward(matrix(rows), training);
    const values_BF = denseCode(code, model.shape);
    for (const [row, acts] of rows.entries()) {
      const active = (values_BF[row] ?? []).flatMap((value, feature) =>
        value === 0 ? [] : [`${feature}: ${text(value)}`],
      );
      print(`row ${text(acts)}`, active.length === 0 ? "no feature" : `feature ${active.join(", ")}`);
    }
  });
}

/** Prints the experts of each row, with their gates. */
export function printRouting(model: SparseAutoencoder, rows: Rows, training?: TrainingMoment): void {
  tf.tidy(() => {
    const { routing } = model.forward(matrix(rows), training);
    const experts = routing.expertIndices_BR.arraySync();
    const gates = routing.gates_BR.arraySync();
    for (const [row, acts] of rows.entries()) {
      const pairs = (experts[row] ?? []).map(
        (expert, slot) => `expert ${expert} (gate ${text(gates[row]?.[slot] ?? 0)})`,
      );
      print(`row ${text(acts)}`, pairs.join(", "));
    }
  });
}

/** [B, F]: zeros where a feature is not active. */
function denseCode(code: Code, { features, featuresPerExpert }: ModelShape): readonly (readonly number[])[] {
  const rows =
    code.kind === "sparse" ? code.values_BK.arraySync() : code.values_BRM.arraySync().map((row) => row.flat());
  const indices =
    code.kind === "sparse" ? code.indices_BK.arraySync() : blockIndices(code.expertIndices_BR, featuresPerExpert);
  return rows.map((values, row) => {
    const dense = new Array<number>(features).fill(0);
    for (const [place, value] of values.entries()) dense[indices[row]?.[place] ?? 0] = value;
    return dense;
  });
}

function blockIndices(expertIndices_BR: tensorflow.Tensor2D, featuresPerExpert: number): number[][] {
  const within = Array.from({ length: featuresPerExpert }, (_unused, place) => place);
  return expertIndices_BR
    .arraySync()
    .map((experts) => experts.flatMap((expert) => within.map((place) => expert * featuresPerExpert + place)));
}
