/** What `switchyard explain CODE` prints. */
export interface Explanation {
  /** One line: what this code means. */
  readonly title: string;
  /** Why it happens and what it protects from. A few sentences. */
  readonly why: string;
  /** What to do. */
  readonly fix: string;
  /** A short example of wrong and right input, when one helps. */
  readonly example?: string;
}
