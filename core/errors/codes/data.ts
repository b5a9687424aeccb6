/** Error codes of the data room. A code never changes its meaning; a retired one is not reused. */
import type { Explanation } from "./explanation.ts";

export const dataCodes = {} as const satisfies Record<string, Explanation>;
