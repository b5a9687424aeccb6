/** The functions that an interpolation may call. All take and give numbers. */

export interface MathFunction {
  readonly minOperands: number;
  readonly maxOperands: number;
  readonly apply: (...operands: number[]) => number;
}

const one = (apply: (operand: number) => number): MathFunction => ({ minOperands: 1, maxOperands: 1, apply });

export const mathFunctions: Readonly<Record<string, MathFunction>> = {
  sqrt: one(Math.sqrt),
  log2: one(Math.log2),
  floor: one(Math.floor),
  ceil: one(Math.ceil),
  round: one(Math.round),
  min: { minOperands: 1, maxOperands: Number.POSITIVE_INFINITY, apply: Math.min },
  max: { minOperands: 1, maxOperands: Number.POSITIVE_INFINITY, apply: Math.max },
};
