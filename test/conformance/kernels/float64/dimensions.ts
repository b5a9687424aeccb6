/** Sizes of a case: B rows, D width, F features, E experts, R experts a row; M = F/E follows. */
export interface Dimensions {
  readonly B: number;
  readonly D: number;
  readonly F: number;
  readonly E: number;
  readonly R: number;
}

/** Row-major numbers of any kind: a typed array or a plain one. */
export type Numbers = ArrayLike<number>;
