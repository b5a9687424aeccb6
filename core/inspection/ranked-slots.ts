/**
 * The best few of many candidates, for many questions at once, in two typed arrays: a table of [questions, slots]
 * whatever the number of candidates.
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- numeric loops with proven bounds */

export interface Ranked {
  readonly id: number;
  readonly score: number;
}

/** Of equal scores the candidate that was offered first stays in front. */
export class RankedSlots {
  private readonly slots: number;
  private readonly ids: Int32Array;
  private readonly scores: Float32Array;

  constructor(numQuestions: number, slots: number) {
    this.slots = slots;
    this.ids = new Int32Array(numQuestions * slots).fill(-1);
    this.scores = new Float32Array(numQuestions * slots).fill(Number.NEGATIVE_INFINITY);
  }

  /** @param id At least 0. */
  offer(question: number, id: number, score: number): void {
    const start = question * this.slots;
    let place = start + this.slots - 1;
    if (!(score > this.scores[place]!)) return;
    for (; place > start && score > this.scores[place - 1]!; place--) {
      this.scores[place] = this.scores[place - 1]!;
      this.ids[place] = this.ids[place - 1]!;
    }
    this.scores[place] = score;
    this.ids[place] = id;
  }

  /** Best first; fewer than the slots where fewer were offered. */
  of(question: number): readonly Ranked[] {
    const start = question * this.slots;
    return Array.from({ length: this.slots }, (_unused, i) => ({
      id: this.ids[start + i]!,
      score: this.scores[start + i]!,
    })).filter(({ id }) => id >= 0);
  }
}
