/**
 * The best k candidates of every row, as one small heap a row with its worst candidate on top. Candidates of a row
 * must arrive in ascending order of index: then an equal key never displaces an earlier one, which is the rule that
 * ties go to the lower index.
 *
 * Plain arrays and functions, not a class: this is the inner loop of training beside the matrix product.
 *
 * Shapes: B rows, F features, K candidates kept a row.
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- loops over typed arrays, every index below a length */

export interface RowHeaps {
  /** K */
  readonly k: number;
  /** [B*K] gate * value: what candidates are ordered by. */
  readonly keys: Float32Array;
  /** [B*K] */
  readonly values: Float32Array;
  /** [B*K] feature indices. */
  readonly indices: Int32Array;
  /** [B] candidates held so far; a row is a heap once it holds K. */
  readonly counts: Int32Array;
}

export interface CandidateBlock {
  /** The block's pre-activations lie at `start` to `start + length - 1`. */
  readonly preactivations: Float32Array;
  readonly start: number;
  readonly length: number;
  /** [F]; zeros where there is no bias. */
  readonly bias: Float32Array;
  /** Feature index of the block's first candidate. */
  readonly firstIndex: number;
  /** Non-negative. */
  readonly gate: number;
}

export function createRowHeaps(numRows: number, k: number): RowHeaps {
  return {
    k,
    keys: new Float32Array(numRows * k),
    values: new Float32Array(numRows * k),
    indices: new Int32Array(numRows * k),
    counts: new Int32Array(numRows),
  };
}

/** Offers one block of features to a row: values ReLU(pre-activation + bias), keys gate * value, in float32. */
export function offerBlock(heaps: RowHeaps, row: number, block: CandidateBlock): void {
  const { k, keys, counts } = heaps;
  const { preactivations, start, length, bias, firstIndex, gate } = block;
  const base = row * k;
  const numFilled = Math.min(length, k - counts[row]!);
  for (let j = 0; j < numFilled; j++) {
    const value = Math.max(Math.fround(preactivations[start + j]! + bias[firstIndex + j]!), 0);
    put(heaps, base + counts[row]! + j, { key: gate * value, value, index: firstIndex + j });
  }
  counts[row]! += numFilled;
  if (counts[row] !== k) return;
  if (numFilled > 0) for (let position = (k >> 1) - 1; position >= 0; position--) sink(heaps, base, position);
  let worst = keys[base]!;
  for (let j = numFilled; j < length; j++) {
    const value = Math.fround(preactivations[start + j]! + bias[firstIndex + j]!);
    const key = Math.fround(gate * value);
    if (key > worst) {
      put(heaps, base, { key, value, index: firstIndex + j });
      sink(heaps, base, 0);
      worst = keys[base]!;
    }
  }
}

/** Writes a full row's candidates in ascending order of index. @param packed [K] scratch. */
export function writeRow(
  heaps: RowHeaps,
  row: number,
  to: { readonly indices: Int32Array; readonly values: Float32Array; readonly packed: Float64Array },
): void {
  const { k } = heaps;
  const base = row * k;
  // Index and position in one exact float64, so that the native sort carries the position along.
  for (let p = 0; p < k; p++) to.packed[p] = heaps.indices[base + p]! * k + p;
  to.packed.sort();
  for (let p = 0; p < k; p++) {
    const index = Math.floor(to.packed[p]! / k);
    to.indices[base + p] = index;
    to.values[base + p] = heaps.values[base + to.packed[p]! - index * k]!;
  }
}

interface Candidate {
  readonly key: number;
  readonly value: number;
  readonly index: number;
}

function put({ keys, values, indices }: RowHeaps, at: number, { key, value, index }: Candidate): void {
  keys[at] = key;
  values[at] = value;
  indices[at] = index;
}

/** Restores the heap below a position. Worse is: smaller key, or the same key and a higher index. */
function sink({ k, keys, values, indices }: RowHeaps, base: number, from: number): void {
  const key = keys[base + from]!;
  const value = values[base + from]!;
  const index = indices[base + from]!;
  let position = base + from;
  for (let child = 2 * from + 1; child < k; child = 2 * (position - base) + 1) {
    let worse = base + child;
    if (child + 1 < k && isWorse(keys[worse + 1]!, indices[worse + 1]!, keys[worse]!, indices[worse]!)) worse += 1;
    if (isWorse(key, index, keys[worse]!, indices[worse]!)) break;
    keys[position] = keys[worse]!;
    values[position] = values[worse]!;
    indices[position] = indices[worse]!;
    position = worse;
  }
  keys[position] = key;
  values[position] = value;
  indices[position] = index;
}

function isWorse(key: number, index: number, thanKey: number, thanIndex: number): boolean {
  return key < thanKey || (key === thanKey && index > thanIndex);
}
