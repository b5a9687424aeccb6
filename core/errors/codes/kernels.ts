/** Error codes of the kernels room. A code never changes its meaning; a retired one is not reused. */
import type { Explanation } from "./explanation.ts";

export const kernelsCodes = {} as const satisfies Record<string, Explanation>;
