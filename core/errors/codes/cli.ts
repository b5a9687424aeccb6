/** Error codes of the cli room. A code never changes its meaning; a retired one is not reused. */
import type { Explanation } from "./explanation.ts";

export const cliCodes = {} as const satisfies Record<string, Explanation>;
