/** What decides how much memory training takes on a device: the sizes of the tensors of one step. */
export interface TrainingSize {
  /** Trainable numbers, all together. */
  readonly parameters: number;
  /** B, rows of a batch */
  readonly batchSize: number;
  /** D */
  readonly width: number;
  /** F */
  readonly features: number;
  /** R M, features of the blocks that a row is routed to: all F without a router. */
  readonly reachableFeatures: number;
  /** K, active features of every row; absent where their number is not fixed, as with ReLU or batch top-k. */
  readonly activeFeatures?: number;
  /** Scores of the router for a row; 0 where there is nothing to choose. */
  readonly scores: number;
}
