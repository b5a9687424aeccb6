/** Error codes of the container room. A code never changes its meaning; a retired one is not reused. */
import type { Explanation } from "./explanation.ts";

export const containerCodes = {} as const satisfies Record<string, Explanation>;
