/** The token ids of one document or file, in order. */
export interface TokenSequence {
  /** For messages. */
  readonly where: string;
  readonly ids: Int32Array;
}
