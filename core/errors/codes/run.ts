/** Error codes of the run room. A code never changes its meaning; a retired one is not reused. */
import type { Explanation } from "./explanation.ts";

export const runCodes = {} as const satisfies Record<string, Explanation>;
