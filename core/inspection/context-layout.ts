/** How the held-out rows lie in contexts: without text every row is a context of its own. */
import type { ActivationSource } from "../data/contracts.ts";
import { numEvaluatedRows } from "../evaluation/evaluate.ts";
import { includedRows } from "../language-model/spliced-positions.ts";

export interface ContextLayout {
  /** Position of each of a context's rows, ascending. */
  readonly rowPositions: Int32Array;
  readonly numContexts: number;
}

/**
 * Whole contexts within the first `mostRows` held-out rows, at least one.
 * @throws SwitchyardError NO_HELD_OUT_ROWS
 */
export function contextLayout(
  source: Pick<ActivationSource, "heldOut" | "inspection">,
  mostRows: number,
): ContextLayout {
  const numRows = numEvaluatedRows(source, { rows: mostRows });
  const { inspection } = source;
  if (inspection === undefined) return { rowPositions: Int32Array.of(0), numContexts: numRows };
  const rowPositions = includedRows(1, inspection.contextLength, inspection.excludedPositions);
  return { rowPositions, numContexts: Math.max(1, Math.floor(numRows / rowPositions.length)) };
}
