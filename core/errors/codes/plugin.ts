/** Error codes of the plugin room. A code never changes its meaning; a retired one is not reused. */
import type { Explanation } from "./explanation.ts";

export const pluginCodes = {} as const satisfies Record<string, Explanation>;
