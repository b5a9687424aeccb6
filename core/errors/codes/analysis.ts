/** Error codes of the analysis room. A code never changes its meaning; a retired one is not reused. */
import type { Explanation } from "./explanation.ts";

export const analysisCodes = {} as const satisfies Record<string, Explanation>;
