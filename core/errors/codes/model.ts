/** Error codes of the model room. A code never changes its meaning; a retired one is not reused. */
import type { Explanation } from "./explanation.ts";

export const modelCodes = {} as const satisfies Record<string, Explanation>;
