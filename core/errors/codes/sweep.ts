/** Error codes of the sweep room. A code never changes its meaning; a retired one is not reused. */
import type { Explanation } from "./explanation.ts";

export const sweepCodes = {} as const satisfies Record<string, Explanation>;
