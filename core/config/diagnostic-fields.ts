/** What a diagnostic says, apart from how it is made (diagnostic.ts) and how it is shown (format-diagnostics.ts). */
import type { ErrorCode } from "../errors/codes.ts";
import type { Place } from "./positions.ts";

export interface RelatedPlace {
  readonly message: string;
  readonly where: Place;
}

export interface Diagnostic {
  readonly code: ErrorCode;
  readonly severity: "error" | "warning";
  /** One sentence: what is wrong. */
  readonly message: string;
  readonly where: Place;
  /** The line (or word) that `where` points into. */
  readonly sourceLine: string;
  /** Path of the value in the config, "model.expert.k"; empty for a whole file. */
  readonly path: string;
  readonly expected?: string;
  readonly received?: string;
  /** Nearest known names, best first. */
  readonly suggestions?: readonly string[];
  /** Other places that explain this one. */
  readonly related?: readonly RelatedPlace[];
  /** What to do next, as an instruction. */
  readonly next?: string;
  /** Runs of the sweep that have this problem, when not all of them do. */
  readonly runs?: readonly string[];
}
