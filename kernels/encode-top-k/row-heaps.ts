/**
 * The best k candidates of every row, as one small heap a row with its worst candidate on top. Candidates of a row
 * must arrive in ascending order of index: then an equal key never displaces an earlier one, which is the rule that
 * ties go to the lower index.
 *
 * Shapes: B rows, K candidates kept a row.
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- loops over typed arrays, every index below a length */

export class RowHeaps {
  readonly #k: number;
  readonly #keys: Float32Array;
  readonly #values: Float32Array;
  readonly #indices: Int32Array;
  readonly #counts: Int32Array;
  readonly #packed: Float64Array;

  constructor(numRows: number, k: number) {
    this.#k = k;
    this.#keys = new Float32Array(numRows * k);
    this.#values = new Float32Array(numRows * k);
    this.#indices = new Int32Array(numRows * k);
    this.#counts = new Int32Array(numRows);
    this.#packed = new Float64Array(k);
  }

  /**
   * Offers one block of features to a row: values ReLU(preactivations + bias), keys gate * value, in float32.
   * @param block.preactivations [..] of which `length` from `start` are the block's.
   * @param block.bias [F] or undefined; the block's begin at `firstIndex`.
   */
  offer(row: number, block: CandidateBlock): void {
    const { preactivations, start, length, bias, firstIndex, gate } = block;
    const base = row * this.#k;
    let j = 0;
    for (; j < length && this.#counts[row]! < this.#k; j++) {
      const value = Math.max(Math.fround(preactivations[start + j]! + bias[firstIndex + j]!), 0);
      const at = base + this.#counts[row]!;
      this.#keys[at] = gate * value;
      this.#values[at] = value;
      this.#indices[at] = firstIndex + j;
      this.#counts[row]! += 1;
      if (this.#counts[row] === this.#k) for (let p = (this.#k >> 1) - 1; p >= 0; p--) this.#sink(base, p);
    }
    let worst = this.#keys[base]!;
    for (; j < length; j++) {
      const value = Math.fround(preactivations[start + j]! + bias[firstIndex + j]!);
      const key = Math.fround(gate * value);
      if (key > worst) {
        this.#keys[base] = key;
        this.#values[base] = value;
        this.#indices[base] = firstIndex + j;
        this.#sink(base, 0);
        worst = this.#keys[base]!;
      }
    }
  }

  /** Writes a row's candidates in ascending order of index. The row must have been offered at least k. */
  write(row: number, indices: Int32Array, values: Float32Array): void {
    const base = row * this.#k;
    // Index and position in one exact float64, so that the native sort carries the position along.
    for (let p = 0; p < this.#k; p++) this.#packed[p] = this.#indices[base + p]! * this.#k + p;
    this.#packed.sort();
    for (let p = 0; p < this.#k; p++) {
      const index = Math.floor(this.#packed[p]! / this.#k);
      indices[base + p] = index;
      values[base + p] = this.#values[base + this.#packed[p]! - index * this.#k]!;
    }
  }

  /** Restores the heap below a position. Worse is: smaller key, or the same key and a higher index. */
  #sink(base: number, from: number): void {
    const keys = this.#keys;
    const indices = this.#indices;
    const key = keys[base + from]!;
    const index = indices[base + from]!;
    const value = this.#values[base + from]!;
    let position = from;
    for (let child = 2 * position + 1; child < this.#k; child = 2 * position + 1) {
      const right = child + 1;
      if (right < this.#k) {
        const difference = keys[base + right]! - keys[base + child]!;
        if (difference < 0 || (difference === 0 && indices[base + right]! > indices[base + child]!)) child = right;
      }
      const difference = keys[base + child]! - key;
      if (difference > 0 || (difference === 0 && indices[base + child]! < index)) break;
      keys[base + position] = keys[base + child]!;
      indices[base + position] = indices[base + child]!;
      this.#values[base + position] = this.#values[base + child]!;
      position = child;
    }
    keys[base + position] = key;
    indices[base + position] = index;
    this.#values[base + position] = value;
  }
}

export interface CandidateBlock {
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
