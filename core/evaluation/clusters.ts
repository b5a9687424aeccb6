/** Connected components of a graph whose edges come one at a time (union-find with path halving). */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- numeric loops with proven bounds */
export class Clusters {
  readonly #parents: Uint32Array;
  #count: number;

  /** @param size Nodes, each a cluster of its own at first. */
  constructor(size: number) {
    this.#parents = Uint32Array.from({ length: size }, (_, i) => i);
    this.#count = size;
  }

  /** Nodes. */
  get size(): number {
    return this.#parents.length;
  }

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  /** Adds an edge. */
  join(a: number, b: number): void {
    const [rootA, rootB] = [this.#root(a), this.#root(b)];
    if (rootA === rootB) return;
    // The smaller index stays the root: which one does not matter to the count.
    this.#parents[Math.max(rootA, rootB)] = Math.min(rootA, rootB);
    this.#count -= 1;
  }

  #root(node: number): number {
    const parents = this.#parents;
    let at = node;
    while (parents[at]! !== at) {
      parents[at] = parents[parents[at]!]!;
      at = parents[at]!;
    }
    return at;
  }
}
