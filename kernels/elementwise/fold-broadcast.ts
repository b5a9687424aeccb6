/** Broadcasting of two shapes, folded into two axes where that is possible: what almost every operation needs. */

export interface FoldedBroadcast {
  /** Of the result. */
  readonly shape: number[];
  readonly outer: number;
  readonly inner: number;
  /** Whether each operand has its own values along an axis: those of a (outer, inner), then those of b. */
  readonly repeats: readonly [aHasOuter: boolean, aHasInner: boolean, bHasOuter: boolean, bHasInner: boolean];
}

/**
 * @returns undefined when the shapes need more than two axes, do not fit each other, or have no element.
 * @example
 * foldBroadcast([4, 3, 2], [2]); // { shape: [4, 3, 2], outer: 12, inner: 2, repeats: [true, true, false, true] }
 */
export function foldBroadcast(a: readonly number[], b: readonly number[]): FoldedBroadcast | undefined {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  const runs: { size: number; readonly hasA: boolean; readonly hasB: boolean }[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const sizeA = a[axis - rank + a.length] ?? 1;
    const sizeB = b[axis - rank + b.length] ?? 1;
    const size = Math.max(sizeA, sizeB);
    if (sizeA === 0 || sizeB === 0 || (sizeA !== sizeB && sizeA !== 1 && sizeB !== 1)) return undefined;
    shape.push(size);
    if (size === 1) continue;
    const [hasA, hasB] = [sizeA > 1, sizeB > 1];
    const last = runs.at(-1);
    if (last?.hasA === hasA && last.hasB === hasB) last.size *= size;
    else runs.push({ size, hasA, hasB });
  }
  if (runs.length > 2) return undefined;
  const inner = runs.at(-1) ?? { size: 1, hasA: true, hasB: true };
  const outer = runs.length === 2 ? runs[0] : undefined;
  return {
    shape,
    outer: outer?.size ?? 1,
    inner: inner.size,
    repeats: [outer?.hasA ?? false, inner.hasA, outer?.hasB ?? false, inner.hasB],
  };
}
