/** Error codes of the config room. A code never changes its meaning; a retired one is not reused. */
import type { Explanation } from "./explanation.ts";

export const configCodes = {} as const satisfies Record<string, Explanation>;
