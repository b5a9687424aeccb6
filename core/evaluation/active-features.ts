/**
 * Reads which features of a code are active, on the host. Both forms of a code come out the same way, so that an
 * evaluator needs not know which expert made it.
 *
 * Shapes: B rows, R experts a row, M features an expert, K active features a row.
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- numeric loops with proven bounds */
import type { Code } from "../model/contracts.ts";

/** Called for every feature of a row whose value is not zero. `row` counts from 0 within the batch. */
export type ActiveFeatureVisitor = (row: number, feature: number, value: number) => void;

/**
 * Visits the active features of a batch, row by row. A selected feature whose value is zero is not active.
 * @param featuresPerExpert M, to turn a place in a block into a feature.
 */
export async function visitActiveFeatures(
  code: Code,
  featuresPerExpert: number,
  visit: ActiveFeatureVisitor,
): Promise<void> {
  if (code.kind === "sparse") {
    const [indices, values] = await Promise.all([code.indices_BK.data(), code.values_BK.data()]);
    const perRow = code.values_BK.shape[1];
    for (let i = 0; i < values.length; i++) {
      if (values[i]! !== 0) visit(Math.floor(i / perRow), indices[i]!, values[i]!);
    }
    return;
  }
  const [experts, values] = await Promise.all([code.expertIndices_BR.data(), code.values_BRM.data()]);
  const numSelected = code.expertIndices_BR.shape[1];
  for (let i = 0; i < values.length; i++) {
    if (values[i]! === 0) continue;
    const slot = Math.floor(i / featuresPerExpert);
    const feature = experts[slot]! * featuresPerExpert + (i - slot * featuresPerExpert);
    visit(Math.floor(slot / numSelected), feature, values[i]!);
  }
}
