/** What a plot is: a picture of several runs, described in Vega-Lite, so that it can be drawn anywhere. */
import type { RunSummary } from "../run/run-summary.ts";

/**
 * A Vega-Lite v5 specification with its data inline. Left open, because its grammar is larger than this room: what is
 * read here is `usermeta`, to fit small multiples into the page.
 */
export interface VegaLiteSpec {
  readonly [property: string]: unknown;
}

export interface Plot {
  /** A few words. */
  readonly title: string;
  /** One or two sentences: what is shown and how to read it. */
  readonly caption: string;
  /**
   * Pure: same runs, same specification. Colours come from `runStyles`, so that a run looks the same in every plot.
   * `width: "container"` follows the page. Small multiples (a `facet`) state their own size in `usermeta`:
   * `{ panels, panelWidth, panelMargin }` in pixels, from which the report chooses columns and widens the panels;
   * `panelsTogether` says how many panels in a row belong together.
   * @returns `undefined` when these runs have nothing to show (no evaluation yet, no ground truth).
   */
  spec(runs: readonly RunSummary[]): VegaLiteSpec | undefined;
}

declare module "../plugin/kinds.ts" {
  interface PluginKinds {
    plot: { creates: Plot; facts: undefined };
  }
}
