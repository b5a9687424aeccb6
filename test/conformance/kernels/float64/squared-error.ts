/** The squared error of a reconstruction by its definition, in float64. */
import type { Numbers } from "./dimensions.ts";

/** Mean over the rows of ||prediction - target||^2. */
export function squaredError64(prediction: Numbers, target: Numbers, rows: number): number {
  let sum = 0;
  for (let i = 0; i < prediction.length; i++) sum += (prediction[i]! - target[i]!) ** 2;
  return sum / rows;
}
